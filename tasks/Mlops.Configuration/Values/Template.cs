using System.Text;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Values;

/// <summary>
/// A string with references: <c>${parameters.NAME}</c>, <c>${run.id}</c>, <c>${git.commit}</c>, <c>${STEP.OUTPUT}</c> of a lambda or
/// callback; <c>$${</c> is a plain <c>${</c>.
/// Its parts stand in the order of the text.
/// </summary>
public sealed record Template(string Text, IReadOnlyList<TemplatePart> Parts)
{
    public Span Span { get; init; } = Span.Start;

    public bool IsLiteral => Parts.All(p => p is LiteralPart);

    /// <summary>Parses a text. A part that is no reference comes back in <paramref name="malformed"/>.</summary>
    public static Template? Parse(string text, out string? malformed)
    {
        malformed = null;
        if (!text.Contains("${", StringComparison.Ordinal))
            return new Template(text, text.Length > 0 ? [new LiteralPart(text)] : []);
        var parts = new List<TemplatePart>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i).StartsWith("$${"))
            {
                literal.Append("${");
                i += 2;
            }
            else if (text.AsSpan(i).StartsWith("${"))
            {
                var end = text.IndexOf('}', i);
                var inner = end < 0 ? text[i..] : text[(i + 2)..end];
                if (end < 0 || ParseReference(inner) is not { } reference)
                {
                    malformed = end < 0 ? inner : $"${{{inner}}}";
                    return null;
                }

                Flush();
                parts.Add(reference);
                i = end;
            }
            else
            {
                literal.Append(text[i]);
            }
        }

        Flush();
        return new Template(text, parts);

        void Flush()
        {
            if (literal.Length > 0)
                parts.Add(new LiteralPart(literal.ToString()));
            literal.Clear();
        }
    }

    public override string ToString() => Text;

    private static TemplatePart? ParseReference(string inner) => inner switch
    {
        "run.id" => new RunIdPart(),
        "git.commit" => new GitCommitPart(),
        _ when inner.StartsWith("parameters.", StringComparison.Ordinal) && inner.Length > 11 => new ParameterPart(inner[11..]),
        _ when inner.Split('.') is [var step, var output] && step is not ("parameters" or "run" or "git") && IsName(step) && IsName(output) => new StepOutputPart(step, output),
        _ => null,
    };

    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

public abstract record TemplatePart;

public sealed record LiteralPart(string Text) : TemplatePart;

public sealed record ParameterPart(string Name) : TemplatePart;

public sealed record RunIdPart : TemplatePart;

/// <summary>The commit that was published; publish fills it in, so that an artifact does not change with it.</summary>
public sealed record GitCommitPart : TemplatePart;

/// <summary>What a lambda or callback step gave back.</summary>
public sealed record StepOutputPart(string Step, string Output) : TemplatePart;
