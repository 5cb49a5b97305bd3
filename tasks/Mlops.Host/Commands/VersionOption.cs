using System.CommandLine;
using System.Globalization;

namespace Mlops.Host.Commands;

/// <summary>--version: the number of a registered version, from 1.</summary>
internal static class VersionOption
{
    public static Option<int?> Create(string description)
    {
        var option = new Option<int?>("--version")
        {
            Description = description,
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
                    return number;
                result.AddError($"'{result.Tokens[0].Value}' is no version: the first is 1. 'mlops status' lists them.");
                return null;
            },
        };
        return option;
    }
}
