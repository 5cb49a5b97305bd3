using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

internal sealed class ListConverter<T>(Converter item, KeyAttribute attribute) : Converter
{
    public override string Expected => $"a list, each item {item.Expected}";

    public override IReadOnlyList<SectionChoice> Sections => item.Sections;

    public override Many Many => Many.List;

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema() };
        if (attribute.Min > 0)
            schema["minItems"] = (int)attribute.Min;
        if (!double.IsNaN(attribute.Max))
            schema["maxItems"] = (int)attribute.Max;
        return schema;
    }

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        if (node is not YamlSequence sequence)
        {
            diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
            return null;
        }

        if (sequence.Items.Count < attribute.Min || sequence.Items.Count > attribute.Max)
        {
            diagnostics.Add(Errors.OutOfRange(node.Span, key, $"A list of {sequence.Items.Count}", double.IsNaN(attribute.Min) ? $"it takes at most {attribute.Max} items" : double.IsNaN(attribute.Max) ? $"it takes at least {attribute.Min} items" : $"it takes {attribute.Min} to {attribute.Max} items"));
            return null;
        }

        return sequence.Items.Select(i => item.Convert(i, key, diagnostics)).OfType<T>().ToList();
    }
}

internal sealed class MapConverter<T>(Converter value, KeyAttribute attribute, string? names, bool listForm) : Converter
    where T : class
{
    private const int LongestName = 63;

    /// <summary>Environment variables: CreateProcessingJob's ProcessingEnvironmentKey, [a-zA-Z_][a-zA-Z0-9_]*.</summary>
    private const string VariableNames = "an environment variable";

    public override string Expected => listForm ? "a mapping or a list of names" : "a mapping";

    public override IReadOnlyList<SectionChoice> Sections => value.Sections;

    public override Many Many => Many.Map;

    public override bool ListForm => listForm;

    public override JsonObject Schema()
    {
        var entry = MayBeEmpty
            ? new JsonObject { ["anyOf"] = new JsonArray(value.Schema(), new JsonObject { ["type"] = "null" }) } : value.Schema();
        var map = new JsonObject { ["type"] = "object", ["additionalProperties"] = entry };
        if (names is not null)
            map["propertyNames"] = new JsonObject { ["pattern"] = names == VariableNames ? "^[A-Za-z_][A-Za-z0-9_]*$" : "^[A-Za-z0-9](-?[A-Za-z0-9])*$" };
        if (!double.IsNaN(attribute.Min))
            map["minProperties"] = (int)attribute.Min;
        if (!double.IsNaN(attribute.Max))
            map["maxProperties"] = (int)attribute.Max;
        return listForm ? new JsonObject { ["anyOf"] = new JsonArray(map, new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }) } : map;
    }

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        var count = node switch { YamlMapping m => m.Entries.Count, YamlSequence s => s.Items.Count, _ => 0 };
        if (count > attribute.Max)
        {
            diagnostics.Add(Errors.TooMany(node.Span, $"entries of '{key}'", count, (int)attribute.Max));
            return null;
        }

        if (count < attribute.Min && (node is YamlMapping || (listForm && node is YamlSequence)))
        {
            diagnostics.Add(Errors.OutOfRange(node.Span, key, $"A mapping of {count}", $"it takes at least {attribute.Min} of them"));
            return null;
        }

        switch (node)
        {
            case YamlMapping mapping:
                return new NamedMap<T>(mapping.Span, [.. mapping.Entries.Select(e => Entry(e.Key, e.KeySpan, e.Value, diagnostics))]);
            case YamlSequence list when listForm:
                return new NamedMap<T>(list.Span, FromList(list, key, diagnostics));
            default:
                diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
                return null;
        }
    }

    /// <summary>Whether a name may stand without a value: where every key of its section may be left out.</summary>
    private bool MayBeEmpty => value.Sections is [{ Kind: null, Section: var section }] && SectionShape.Of(section).Keys.Values.All(k => !k.Key.Required);

    private List<NamedEntry<T>> FromList(YamlSequence list, string key, DiagnosticBag diagnostics)
    {
        var entries = new List<NamedEntry<T>>();
        foreach (var item in list.Items)
        {
            if (item is not YamlScalar { IsNull: false } scalar)
            {
                diagnostics.Add(Errors.WrongKind(item.Span, key, "a list of names", Kind(item)));
                continue;
            }

            var name = scalar.Text[(scalar.Text.LastIndexOf('.') + 1)..];
            var shape = SectionShape.Of(typeof(T));
            YamlNode content = shape.ScalarKey is null ? new YamlMapping(scalar.Span, 1, []) : scalar;
            if (entries.Find(e => e.Name == name) is { } first)
                diagnostics.Add(Errors.NameTwice(scalar.Span, name, first.NameSpan, inList: true));
            else
                entries.Add(Entry(name, scalar.Span, content, diagnostics));
        }

        return entries;
    }

    private NamedEntry<T> Entry(string name, Span span, YamlNode node, DiagnosticBag diagnostics)
    {
        if (names == VariableNames && !IsVariable(name))
            diagnostics.Add(Errors.WrongName(span, names, name, "a name has letters, digits and '_', and does not begin with a digit."));
        else if (names is not null && names != VariableNames && !IsName(name))
            diagnostics.Add(Errors.WrongName(span, names, name, $"a name has letters, digits and single '-' between them, at most {LongestName}."));
        if (node is YamlScalar { IsNull: true })
        {
            if (MayBeEmpty)
                return new NamedEntry<T>(name, span, (T)(object)WithSpan(SectionShape.Of(typeof(T)).New(), node.Span));
            diagnostics.Add(Errors.MissingValue(span, name, value.Expected));
            return new NamedEntry<T>(name, span, null);
        }

        return new NamedEntry<T>(name, span, (T?)value.Convert(node, name, diagnostics));
    }

    private static bool IsVariable(string name) =>
        name.Length is > 0 and <= 512 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static Section WithSpan(Section section, Span span)
    {
        section.Span = span;
        return section;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal)
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
