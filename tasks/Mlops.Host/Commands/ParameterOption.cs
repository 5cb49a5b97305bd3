using System.CommandLine;

namespace Mlops.Host.Commands;

/// <summary><c>--parameter NAME=VALUE</c>, as often as needed.</summary>
internal static class ParameterOption
{
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--parameter", "-p") { Description = "NAME=VALUE: a pipeline parameter of this run.", Arity = ArgumentArity.ZeroOrMore };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => t.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"'{token.Value}' is not NAME=VALUE.");
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
