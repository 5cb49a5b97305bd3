using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>A scalar, with its place: read by its type, then held to the key's pattern and range.</summary>
internal sealed class LocatedConverter<T>(ScalarType type, KeyAttribute attribute) : Converter
{
    /// <summary>Backtracking, as its engine is compiled with the runtime: patterns of keys match a text in one way alone, so that none takes long to refuse one.</summary>
    private readonly Regex? pattern = attribute.Pattern is null ? null : new($"^(?:{attribute.Pattern})\\z", RegexOptions.CultureInvariant);

    public override string Expected => attribute.PatternMeaning ?? (attribute.Arn is null ? type.Expected : "an ARN such as " + Arn.Form(attribute.Arn));

    public override string Range => RangeIn(type.Unit);

    public override JsonObject Schema()
    {
        if (type.Choices.Count > 0)
            return new JsonObject { ["enum"] = new JsonArray([.. type.Choices.Select(c => JsonValue.Create(c))]) };
        var schema = new JsonObject { ["type"] = type.JsonType is { } json ? json : new JsonArray("string", "number", "boolean") };
        if ((attribute.Pattern ?? type.Pattern) is { } form)
            schema["pattern"] = $"^(?:{form})$";
        if (type.JsonType is "integer" or "number" || typeof(T) == typeof(string))
        {
            var text = typeof(T) == typeof(string);
            if (!double.IsNaN(attribute.Min))
                schema[text ? "minLength" : "minimum"] = attribute.Min;
            if (!double.IsNaN(attribute.Max))
                schema[text ? "maxLength" : "maximum"] = attribute.Max;
        }

        return schema;
    }

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics) => Read(node, key, diagnostics) is { } value ? value : null;

    public Located<T>? Read(YamlNode node, string key, DiagnosticBag diagnostics)
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
            null when scalar.Text.Contains("${", StringComparison.Ordinal) => Errors.ReferenceNotAllowed(scalar.Span, key),
            null when scalar.Quoted && type.Parse(scalar with { Quoted = false }, key) is not null and not Diagnostic => Errors.WrongValue(scalar.Span, key, scalar.Text, $"{Expected}, written without quotes: {key}: {scalar.Text}"),
            null => Errors.WrongValue(scalar.Span, key, scalar.Text, Expected),
            _ when pattern is not null && !pattern.IsMatch(scalar.Text) => Errors.WrongValue(scalar.Span, key, scalar.Text, Expected),
            Arn arn when attribute.Arn is { } kinds && !arn.IsOneOf(kinds) => Errors.WrongArn(scalar.Span, key, arn.Service, Arn.Form(kinds)),
            _ => OutOfRange(value, scalar, key),
        };
        if (problem is null)
            return new Located<T>((T)value!, scalar.Span);
        diagnostics.Add(problem);
        return null;
    }

    private Diagnostic? OutOfRange(object value, YamlScalar scalar, string key)
    {
        var number = type.Measure?.Invoke(value) ?? double.NaN;
        if (double.IsNaN(number) || !(number < attribute.Min || number > attribute.Max))
            return null;
        return Errors.OutOfRange(scalar.Span, key, value is string ? $"A text of {number} characters" : scalar.Text, RangeIn(type.Unit));
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

/// <summary>A scalar that stands in a map.</summary>
internal sealed class GivenConverter<T>(LocatedConverter<T> value) : Converter
{
    public override string Expected => value.Expected;

    public override string Range => value.Range;

    public override JsonObject Schema() => value.Schema();

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics) =>
        value.Read(node, key, diagnostics) is { } read ? new Given<T>(read.Value, read.Span) : null;
}
