using System.CommandLine;

namespace Mlops.Host.Commands;

/// <summary>--version: the number of a registered version, from 1.</summary>
internal static class VersionOption
{
    public static Option<int?> Create(string description)
    {
        var option = new Option<int?>("--version") { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var given, ..] && int.TryParse(given.Value, out var number) && number < 1)
                result.AddError($"'{number}' is no version: the first is 1. 'mlops status' lists them.");
        });
        return option;
    }
}
