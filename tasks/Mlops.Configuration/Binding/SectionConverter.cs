using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>Binds a mapping to a section: known keys, each at most once, the required ones present; goes on after a mistake.</summary>
/// <param name="kind">The value of the key 'kind' that chose this section, which then may have that key; null: it has none.</param>
internal sealed class SectionConverter(Type type, string? kind = null) : Converter
{
    private SectionShape? shape;

    public override string Expected => Shape.ScalarKey is null ? $"a mapping with {Errors.Names([.. Shape.Keys.Keys])}" : "a reference, or a mapping";

    public override IReadOnlyList<SectionChoice> Sections { get; } = [new(null, type)];

    public override JsonObject Schema()
    {
        var reference = new JsonObject { ["$ref"] = $"#/$defs/{NameInSchema}" };
        return Shape.ScalarKey is { } scalar ? new JsonObject { ["anyOf"] = new JsonArray(Shape.Keys[scalar].Converter.Schema(), reference) } : reference;
    }

    /// <summary>A section that is chosen by its kind has that key as well, and so another schema than where it stands by itself.</summary>
    private string NameInSchema => SchemaName(type, kind);

    public static string SchemaName(Type type, string? kind) => kind is null ? type.Name : $"{type.Name}.{kind}";

    private SectionShape Shape => shape ??= SectionShape.Of(type);

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        var section = Shape.New();
        section.Span = node.Span;
        switch (node)
        {
            case YamlMapping mapping:
                Bind(section, mapping, diagnostics);
                return section;
            case YamlScalar { IsNull: false } when Shape.ScalarKey is { } scalarKey:
                return Set(section, Shape.Keys[scalarKey], node, diagnostics) ? section : null;
            default:
                diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
                return null;
        }
    }

    private void Bind(Section section, YamlMapping mapping, DiagnosticBag diagnostics)
    {
        foreach (var entry in mapping.Entries)
        {
            if (Shape.Keys.TryGetValue(entry.Key, out var key))
                _ = entry.Value is YamlScalar { IsNull: true } || Set(section, key, entry.Value, diagnostics);
            else if (kind is null || entry.Key != KindConverter.Key)
                Unknown(section, entry, diagnostics);
        }

        foreach (var key in Shape.Keys.Values.Where(k => k.Key.Required && !section.Unreadable.Contains(k.Key.Name) && mapping[k.Key.Name]?.Value is null or YamlScalar { IsNull: true }))
        {
            var place = mapping[key.Key.Name]?.KeySpan ?? mapping.Start;
            diagnostics.Add(Errors.MissingKey(place, key.Key.Name, Shape.Title, key.Key.Purpose));
        }
    }

    /// <summary>A misspelt key is not missing as well.</summary>
    private void Unknown(Section section, YamlEntry entry, DiagnosticBag diagnostics)
    {
        diagnostics.Add(Errors.UnknownKey(entry.KeySpan, entry.Key, Shape.Title, [.. Shape.Keys.Keys]));
        if (DidYouMean.Nearest(entry.Key, Shape.Keys.Keys) is { } meant)
            section.Unreadable.Add(meant);
    }

    private static bool Set(Section section, KeyShape key, YamlNode node, DiagnosticBag diagnostics)
    {
        var value = key.Converter.Convert(node, key.Key.Name, diagnostics);
        if (value is not null)
            key.Property.SetValue(section, value);
        else
            section.Unreadable.Add(key.Key.Name);
        return value is not null;
    }
}
