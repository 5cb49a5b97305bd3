using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

public enum Severity
{
    Warning,
    Error,
}

/// <summary>One thing that is wrong, or doubtful, at one place: data, never an exception.</summary>
/// <param name="Code">MLOPSnnnn: explained in docs/diagnostics.md, never reused.</param>
/// <param name="Message">What happened, why, and what to do.</param>
public sealed record Diagnostic(string Code, Severity Severity, Span Span, string Message)
{
    /// <summary>On one line, whatever a user's text in it holds: a message must not forge another one, nor steer a terminal.</summary>
    public string Message { get; init; } = Characters.Printable(Message);

    /// <summary>Another place that explains this one, such as the first of two equal keys.</summary>
    public RelatedPlace? Related { get; init; }

    public string HelpLink => $"https://github.com/mlops-sdk/mlops-sdk/blob/main/docs/diagnostics.md#{Code.ToLowerInvariant()}";

    /// <summary>MSBuild's canonical form, which editors and CI systems read.</summary>
    public string ToString(string file) =>
        $"{file}({Span.Line},{Span.Column}): {(Severity == Severity.Error ? "error" : "warning")} {Code}: {FullMessage}";

    /// <summary>The message with the related place in words.</summary>
    public string FullMessage => Related is null ? Message : $"{Message} {Related.Text} at {Related.Span.Line}:{Related.Span.Column}.";
}

/// <param name="Text">What is there, as the beginning of a sentence: "First defined".</param>
public sealed record RelatedPlace(Span Span, string Text);
