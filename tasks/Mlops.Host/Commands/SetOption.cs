using System.CommandLine;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Host.Commands;

/// <summary>Values in place of the file's.</summary>
internal static class SetOption
{
    public static Option<string[]> Create() => new("--set")
    {
        Description = $"KEY=VALUE in place of the file's value; may be repeated. Keys: {string.Join(", ", Overrides.Allowed)}.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Null: a value was wrong, and the reason was printed.</summary>
    public static Overrides? Read(ParseResult parsed, Option<string[]> option)
    {
        var problems = new List<Diagnostic>();
        var overrides = Overrides.Parse(parsed.GetValue(option)!, problems);
        foreach (var problem in problems)
            Console.Error.WriteLine($"mlops: error {problem.Code}: {problem.Message}");
        return problems.Count == 0 ? overrides : null;
    }
}
