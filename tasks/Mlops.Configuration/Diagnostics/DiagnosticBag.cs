namespace Mlops.Configuration.Diagnostics;

/// <summary>Collects diagnostics; gives them back in the order of the text, none twice.</summary>
public sealed class DiagnosticBag
{
    /// <summary>Beyond this nobody reads; what is left out shows up when the first are mended.</summary>
    private const int Most = 200;

    private readonly HashSet<Diagnostic> found = [];

    public bool HasErrors { get; private set; }

    public void Add(Diagnostic diagnostic)
    {
        if (found.Count < Most)
            found.Add(diagnostic);
        HasErrors |= diagnostic.Severity == Severity.Error;
    }

    /// <summary>Takes a text out of every message but those of <paramref name="code"/>, which show it masked.</summary>
    internal void Redact(string text, string masked, string code)
    {
        foreach (var d in found.Where(d => d.Code != code && d.Message.Contains(text, StringComparison.Ordinal)).ToList())
        {
            found.Remove(d);
            found.Add(d with { Message = d.Message.Replace(text, masked, StringComparison.Ordinal) });
        }
    }

    /// <summary>Replaces each diagnostic by what <paramref name="change"/> makes of it.</summary>
    internal void Replace(Func<Diagnostic, Diagnostic> change)
    {
        var changed = found.Select(change).ToList();
        found.Clear();
        found.UnionWith(changed);
    }

    public IReadOnlyList<Diagnostic> InOrder() =>
        [.. found.OrderBy(d => d.Span.Line).ThenBy(d => d.Span.Column).ThenBy(d => d.Code, StringComparer.Ordinal)
            .ThenBy(d => d.Message, StringComparer.Ordinal)];
}
