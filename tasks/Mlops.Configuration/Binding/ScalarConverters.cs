using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

internal sealed class LocatedConverter<T>(ScalarType type, KeyAttribute attribute) : Converter
{
    private readonly Regex? pattern = attribute.Pattern is null ? null : new($"^(?:{attribute.Pattern})\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    public override string Expected => attribute.PatternMeaning ?? type.Expected;

    public override string Range => RangeIn(typeof(T) == typeof(string) ? " characters" : typeof(T) == typeof(Duration) || typeof(T) == typeof(CacheLifetime) ? " seconds" : typeof(T) == typeof(Latency) ? " milliseconds" : typeof(T) == typeof(ByteSize) ? " GiB" : "");

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = typeof(T) == typeof(bool) ? "boolean" : typeof(T) == typeof(long) ? "integer" : typeof(T) == typeof(double) ? "number" : new JsonArray("string", "number", "boolean") };
        if (type.Choices.Count > 0)
            schema = new JsonObject { ["enum"] = new JsonArray([.. type.Choices.Select(c => JsonValue.Create(c))]) };
        if (attribute.Pattern is not null)
            schema["pattern"] = $"^(?:{attribute.Pattern})$";
        foreach (var (limit, numeric, text) in new[] { (attribute.Min, "minimum", "minLength"), (attribute.Max, "maximum", "maxLength") })
        {
            if (!double.IsNaN(limit) && (typeof(T) == typeof(long) || typeof(T) == typeof(double) || typeof(T) == typeof(string)))
                schema[typeof(T) == typeof(string) ? text : numeric] = limit;
        }

        return schema;
    }

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        if (node is not YamlScalar scalar || scalar.IsNull)
        {
            diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
            return null;
        }

        var value = type.Parse(scalar, key);
        var problem = value switch
        {
            Diagnostic d => d,
            null => Errors.WrongValue(scalar.Span, key, scalar.Text, Expected),
            _ when pattern is not null && !pattern.IsMatch(scalar.Text) => Errors.WrongValue(scalar.Span, key, scalar.Text, Expected),
            _ => OutOfRange(value, scalar, key),
        };
        if (problem is null)
            return new Located<T>((T)value!, scalar.Span);
        diagnostics.Add(problem);
        return null;
    }

    private Diagnostic? OutOfRange(object value, YamlScalar scalar, string key)
    {
        var (number, unit) = value switch
        {
            long l => (l, ""),
            double d => (d, ""),
            string s => (s.Length, " characters"),
            Duration d => (d.Time.TotalSeconds, " seconds"),
            Latency l => (l.Time.TotalMilliseconds, " milliseconds"),
            CacheLifetime c => (c.Duration?.Time.TotalSeconds ?? double.NaN, " seconds"),
            ByteSize b => (b.Bytes / (double)(1L << 30), " GiB"),
            _ => (double.NaN, ""),
        };
        if (double.IsNaN(number) || !(number < attribute.Min || number > attribute.Max))
            return null;
        return Errors.OutOfRange(scalar.Span, key, value is string ? $"A text of {number} characters" : scalar.Text, RangeIn(unit));
    }

    private string RangeIn(string unit)
    {
        return (Shown(attribute.Min), Shown(attribute.Max)) switch
        {
            ("", "") => "",
            ("", var max) => $"at most {max}{unit}",
            (var min, "") => $"at least {min}{unit}",
            var (min, max) => min == max ? $"{min}{unit}" : $"{min} to {max}{unit}",
        };

        static string Shown(double limit) => double.IsNaN(limit) ? "" : limit.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>A text with references: it has no place of its own type, since maps and lists hold it as it is.</summary>
internal sealed class TemplateConverter : Converter
{
    public override string Expected => "a text or a number";

    public override JsonObject Schema() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        if (node is not YamlScalar scalar || scalar.IsNull)
        {
            diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
            return null;
        }

        var template = Template.Parse(scalar.Text, out var malformed);
        if (template is null)
            diagnostics.Add(Errors.MalformedReference(scalar.Span, malformed!));
        return template is null ? null : template with { Span = scalar.Span };
    }
}
