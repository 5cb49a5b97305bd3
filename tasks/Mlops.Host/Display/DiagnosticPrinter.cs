using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>Diagnostics of a configuration, for a person or as events.</summary>
internal static class DiagnosticPrinter
{
    private const int Widest = 160;

    public static void Print(string file, SourceText? source, IEnumerable<Diagnostic> diagnostics, bool json)
    {
        var all = diagnostics.ToList();
        // A line with a secret in it is not shown again.
        var secret = all.Where(d => d.Code == "MLOPS3015").Select(d => d.Span.Line).ToHashSet();
        foreach (var d in all)
        {
            if (json)
            {
                Console.Out.WriteLine(EventJson.Write(new Problem(d.Code, d.Severity.ToString(), d.FullMessage, file, d.Span.Line, d.Span.Column), d.ToString(file)));
                continue;
            }

            Console.Out.WriteLine(d.ToString(file));
            if (!secret.Contains(d.Span.Line) && source?.Line(d.Span.Line) is { Length: > 0 and <= Widest } line && d.Span.Column <= line.Length + 1)
            {
                var width = d.Span.EndLine == d.Span.Line ? Math.Clamp(d.Span.EndColumn - d.Span.Column, 1, line.Length + 1 - d.Span.Column + 1) : 1;
                Console.Out.WriteLine($"    {line}");
                Console.Out.WriteLine($"    {new string(' ', d.Span.Column - 1)}{new string('^', width)}");
            }
        }
    }
}
