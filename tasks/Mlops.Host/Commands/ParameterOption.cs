using System.CommandLine;

namespace Mlops.Host.Commands;

/// <summary><c>--parameter NAME=VALUE</c> and other options of pairs, as often as needed.</summary>
internal static class ParameterOption
{
    public static Option<string[]> Create() => Create("--parameter", "NAME=VALUE: a pipeline parameter of this run.", "-p");

    /// <summary>Another option of pairs.</summary>
    public static Option<string[]> Create(string name, string description, params string[] aliases)
    {
        var option = new Option<string[]>(name, aliases) { Description = description, Arity = ArgumentArity.ZeroOrMore };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => t.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"'{token.Value}' is not {description.Split(':')[0]}.");
        });
        return option;
    }

    public static IReadOnlyDictionary<string, string> Values(ParseResult parsed, Option<string[]> option)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(option) ?? [])
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            values[text[..at]] = text[(at + 1)..];
        }

        return values;
    }
}
