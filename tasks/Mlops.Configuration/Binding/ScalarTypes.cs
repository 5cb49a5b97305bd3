using System.Globalization;
using System.Text;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>How a scalar becomes a value of a type: YAML 1.2's core schema, steered by the type that the key wants.</summary>
public static class ScalarTypes
{
    private static readonly Dictionary<Type, ScalarType> Known = new()
    {
        [typeof(string)] = new("a text", (s, key) => Template.Parse(s.Text, out _) is { IsLiteral: true } template
            ? string.Concat(template.Parts.OfType<LiteralPart>().Select(p => p.Text)) : Errors.ReferenceNotAllowed(s.Span, key)),
        [typeof(bool)] = new("true or false", (s, key) => s switch
        {
            { Quoted: false, Text: "true" or "True" or "TRUE" } => true,
            { Quoted: false, Text: "false" or "False" or "FALSE" } => false,
            _ => null,
        }),
        [typeof(long)] = new("a whole number", (s, key) => s.Quoted ? null : Integer(s.Text)),
        [typeof(double)] = new("a number", (s, key) => s.Quoted ? null : Number(s.Text)),
        [typeof(Duration)] = new(Duration.Expected, (s, key) => Duration.Parse(s.Text)),
        [typeof(Latency)] = new(Latency.Expected, (s, key) => Duration.Parse(s.Text, milliseconds: true) is { } d ? new Latency(d.Time) : null),
        [typeof(CacheLifetime)] = new(CacheLifetime.Expected, (s, key) => s.Text == "none" ? new CacheLifetime(null) : Duration.Parse(s.Text) is { } d ? new CacheLifetime(d) : null),
        [typeof(ByteSize)] = new(ByteSize.Expected, (s, key) => ByteSize.Parse(s.Text)),
        [typeof(RepositoryPath)] = new("a path", (s, key) => PathOf(s, key)),
        [typeof(DataSource)] = new("a path or an S3 URI", (s, key) => s.Text.StartsWith("s3://", StringComparison.Ordinal) ? S3(s, key) : PathOf(s, key) is RepositoryPath p ? new DataSource(p.Text) : PathOf(s, key)),
    };

    internal static ScalarType? For(Type type)
    {
        if (Known.TryGetValue(type, out var known))
            return known;
        if (!type.IsEnum)
            return null;
        var choices = Enum.GetValues(type).Cast<object>().ToDictionary(v => SnakeCase(v.ToString()!), v => v, StringComparer.Ordinal);
        return new ScalarType("one of " + Errors.Names(choices.Keys), (s, key) => choices.TryGetValue(s.Text, out var value)
            ? value : Errors.UnknownChoice(s.Span, key, s.Text, choices.Keys))
        { Choices = [.. choices.Keys] };
    }

    /// <summary>The name of an enum's member in the language: MulticlassClassification is multiclass_classification.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>A whole number of YAML 1.2's core schema (12, -3, 0x1F, 0o17), as a long; null: none.</summary>
    public static object? Integer(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) && hex >= 0 ? hex : null;
        if (text.StartsWith("0o", StringComparison.Ordinal))
            return text.Length is > 2 and < 20 && text.Skip(2).All(c => c is >= '0' and <= '7') ? Convert.ToInt64(text[2..], 8) : null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>A finite number, as a double; null: none.</summary>
    public static object? Number(string text) =>
        text.All(c => char.IsAsciiDigit(c) || c is '+' or '-' or '.' or 'e' or 'E')
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static object PathOf(YamlScalar s, string key)
    {
        if (s.Text.Contains("${", StringComparison.Ordinal))
            return Errors.ReferenceNotAllowed(s.Span, key);
        var path = new RepositoryPath(s.Text.StartsWith("./", StringComparison.Ordinal) ? s.Text[2..] : s.Text);
        return path.StaysInside ? path : Errors.PathLeavesRepository(s.Span, s.Text);
    }

    private static object? S3(YamlScalar s, string key)
    {
        if (s.Text.Contains("${", StringComparison.Ordinal))
            return Errors.ReferenceNotAllowed(s.Span, key);
        var bucket = s.Text[5..].Split('/')[0];
        var valid = bucket.Length is >= 3 and <= 63 && char.IsAsciiLetterOrDigit(bucket[0]) && char.IsAsciiLetterOrDigit(bucket[^1]) && bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')
            && !s.Text.Split('/').Contains("..");
        return valid ? new DataSource(s.Text) : null;
    }
}

/// <param name="Expected">What the type takes, in words: "a whole number".</param>
/// <param name="Parse">The value; a <see cref="Diagnostic"/> where the type knows better than "wrong value"; or null.</param>
internal sealed record ScalarType(string Expected, Func<YamlScalar, string, object?> Parse)
{
    public IReadOnlyList<string> Choices { get; init; } = [];
}
