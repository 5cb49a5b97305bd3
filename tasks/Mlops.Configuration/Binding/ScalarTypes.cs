using System.Globalization;
using System.Text;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>How a scalar becomes a value of a type: YAML 1.2's core schema, steered by the type that the key wants.</summary>
public static class ScalarTypes
{
    private static readonly Dictionary<Type, ScalarType> Known = new()
    {
        [typeof(string)] = new("a text", (s, key) => Template.Parse(s.Text, out _) is { IsLiteral: true } template
            ? string.Concat(template.Parts.OfType<LiteralPart>().Select(p => p.Text)) : Errors.ReferenceNotAllowed(s.Span, key))
        { Measure = v => ((string)v).Length, Unit = " characters" },
        [typeof(bool)] = new("true or false", (s, key) => s switch
        {
            { Quoted: false, Text: "true" or "True" or "TRUE" } => true,
            { Quoted: false, Text: "false" or "False" or "FALSE" } => false,
            _ => null,
        })
        { JsonType = "boolean" },
        [typeof(long)] = new("a whole number", (s, key) => s.Quoted ? null : Integer(s.Text)) { JsonType = "integer", Measure = v => (long)v },
        [typeof(double)] = new("a number", (s, key) => s.Quoted ? null : Number(s.Text)) { JsonType = "number", Measure = v => (double)v },
        [typeof(Duration)] = new(Duration.Expected, (s, key) => Duration.Parse(s.Text)) { Pattern = "[0-9]+[smhd]", Measure = v => ((Duration)v).Time.TotalSeconds, Unit = " seconds" },
        [typeof(Latency)] = new(Latency.Expected, (s, key) => Duration.Parse(s.Text, milliseconds: true) is { } d ? new Latency(d.Time) : null)
        { Pattern = "[0-9]+(ms|[smhd])", Measure = v => ((Latency)v).Time.TotalMilliseconds, Unit = " milliseconds" },
        [typeof(CacheLifetime)] = new(CacheLifetime.Expected, (s, key) => s.Text == "none" ? new CacheLifetime(null) : Duration.Parse(s.Text) is { } d ? new CacheLifetime(d) : null)
        { Pattern = "none|[0-9]+[smhd]", Measure = v => ((CacheLifetime)v).Duration?.Time.TotalSeconds ?? double.NaN, Unit = " seconds" },
        [typeof(ByteSize)] = new(ByteSize.Expected, (s, key) => ByteSize.Parse(s.Text)) { Pattern = "[0-9]+(mb|gb)", Measure = v => ((ByteSize)v).Bytes / (double)(1L << 30), Unit = " GiB" },
        [typeof(RepositoryPath)] = new("a path", (s, key) => PathOf(s, key)),
        [typeof(DataSource)] = new($"a path, or {S3Uri.Expected}", (s, key) => s.Text.StartsWith(S3Uri.Scheme, StringComparison.Ordinal)
            ? S3Uri.Parse(s.Text) is { } uri ? new DataSource(uri.Text) : null : PathOf(s, key) is RepositoryPath p ? new DataSource(p.Text) : PathOf(s, key)),
        [typeof(S3Uri)] = new(S3Uri.Expected, (s, key) => S3Uri.Parse(s.Text)) { Pattern = "s3://.+" },
        [typeof(Arn)] = new(Arn.Expected, (s, key) => Arn.Parse(s.Text)) { Pattern = "arn:.+" },
        [typeof(BucketName)] = new(BucketNames.Expected, (s, key) => BucketNames.IsOne(s.Text) ? new BucketName(s.Text) : null),
        [typeof(ImageUri)] = new(ImageUri.Expected, (s, key) => ImageUri.Parse(s.Text)),
        [typeof(JsonPath)] = new(JsonPath.Expected, (s, key) => JsonPath.Parse(s.Text)) { Pattern = "\\$.*" },
        [typeof(VersionChoice)] = new(VersionChoice.Expected, (s, key) => VersionChoice.Parse(s.Text)),
        [typeof(Baseline)] = new(Baseline.Expected, (s, key) => s.Text == Baseline.Approved ? new Baseline(null) : PathOf(s, key) is RepositoryPath p ? new Baseline(p) : PathOf(s, key)),
        [typeof(Schedule)] = new(Schedule.Expected, (s, key) => Schedule.Parse(s.Text, out var problem) is { } schedule ? schedule : problem is null ? null : Errors.BadSchedule(s.Span, s.Text, problem))
        { Pattern = "hourly|daily|weekly|rate\\(.+\\)|cron\\(.+\\)" },
        [typeof(InstanceType)] = new("an instance type such as ml.m5.xlarge", (s, key) =>
            InstanceTypes.UsesOf(s.Text) == InstanceUse.None ? Errors.UnknownInstanceType(s.Span, s.Text, InstanceTypes.Names) : new InstanceType(s.Text))
        { Pattern = "ml\\.[a-z0-9-]+\\.[a-z0-9]+" },
        [typeof(TimeZoneName)] = new("the IANA name of a time zone such as Europe/Amsterdam", (s, key) =>
            TimeZones.Exists(s.Text) ? new TimeZoneName(s.Text) : Errors.UnknownTimeZone(s.Span, s.Text, TimeZones.Names)),
        [typeof(AwsRegion)] = OneOf("a region such as eu-west-1", Regions.Names, name => new AwsRegion(name)),
        [typeof(Algorithm)] = OneOf("a built-in algorithm such as xgboost", Algorithms.Names, name => new Algorithm(name)),
    };

    private static ScalarType OneOf(string expected, IReadOnlyList<string> names, Func<string, object> make) =>
        new(expected, (s, key) => names.Contains(s.Text) ? make(s.Text) : s.Text.Contains("${", StringComparison.Ordinal) ? null : Errors.UnknownChoice(s.Span, key, s.Text, [.. names])) { Choices = names };

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
}

/// <param name="Expected">What the type takes, in words: "a whole number".</param>
/// <param name="Parse">The value; a <see cref="Diagnostic"/> where the type knows better than "wrong value"; or null.</param>
internal sealed record ScalarType(string Expected, Func<YamlScalar, string, object?> Parse)
{
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>JSON Schema's type, where it is one alone.</summary>
    public string? JsonType { get; init; }

    /// <summary>A form that every value has: no more than an editor can check.</summary>
    public string? Pattern { get; init; }

    /// <summary>The number that a key's range bounds; null: there is none.</summary>
    public Func<object, double>? Measure { get; init; }

    /// <summary>Of that number, as a message says it.</summary>
    public string Unit { get; init; } = "";
}
