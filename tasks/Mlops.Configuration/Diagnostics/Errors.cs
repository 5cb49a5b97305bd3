using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>
/// Every diagnostic that a configuration can cause: one method a code, with typed arguments. Codes are never reused;
/// docs/diagnostics.md has a heading for each (tested). Ranges: 1xxx text and syntax, 2xxx types, 3xxx meaning, 4xxx lints.
/// </summary>
public static partial class Errors
{
    private static Diagnostic Error(string code, Span span, string message) => new(code, Severity.Error, span, message);

    private static Diagnostic Warning(string code, Span span, string message) => new(code, Severity.Warning, span, message);

    private const int MostNames = 12;

    /// <summary>Names as a message lists them: each cut to a length, and not endlessly many.</summary>
    internal static string Names(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(MostNames).Select(n => $"'{Shown(n)}'")) + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");

    /// <summary>A value as it may be shown: on one line, not endless.</summary>
    internal static string Shown(string value)
    {
        var line = value.ReplaceLineEndings("\\n");
        return line.Length <= 60 ? line : string.Concat(line.AsSpan(0, 57), "...");
    }
}
