namespace Mlops.Configuration.Diagnostics;

/// <summary>Collects diagnostics; gives them back in the order of the text, none twice.</summary>
public sealed class DiagnosticBag
{
    private readonly HashSet<Diagnostic> found = [];

    public bool HasErrors { get; private set; }

    public void Add(Diagnostic diagnostic)
    {
        found.Add(diagnostic);
        HasErrors |= diagnostic.Severity == Severity.Error;
    }

    public IReadOnlyList<Diagnostic> InOrder() =>
        [.. found.OrderBy(d => d.Span.Line).ThenBy(d => d.Span.Column).ThenBy(d => d.Code, StringComparer.Ordinal)
            .ThenBy(d => d.Message, StringComparer.Ordinal)];
}
