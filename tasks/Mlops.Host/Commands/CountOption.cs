using System.CommandLine;

namespace Mlops.Host.Commands;

/// <summary>Options that count something: 1 or more.</summary>
internal static class CountOption
{
    public static Option<int> Create(string name, string description, int byDefault) =>
        Checked(new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault });

    /// <summary>One without a default.</summary>
    public static Option<int?> Create(string name, string description) => Checked(new Option<int?>(name) { Description = description });

    private static Option<T> Checked<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<T>() is < 1)
                result.AddError($"{option.Name} must be 1 or more.");
        });
        return option;
    }
}
