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

    internal static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"'{n}'"));

    /// <summary>A value as it may be shown: on one line, not endless.</summary>
    internal static string Shown(string value)
    {
        var line = value.ReplaceLineEndings("\\n");
        return line.Length <= 60 ? line : string.Concat(line.AsSpan(0, 57), "...");
    }
}
