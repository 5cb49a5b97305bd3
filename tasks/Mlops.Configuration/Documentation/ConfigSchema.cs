using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Documentation;

/// <summary>
/// The configuration as JSON Schema, draft 2020-12, for editors: completion, descriptions, defaults, examples and a first check while
/// typing. Made from the types that the binder reads. It accepts whatever the binder accepts; what only the repository can tell is the compiler's.
/// </summary>
public static class ConfigSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write()
    {
        var sections = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        Visit(new(null, typeof(ModelConfig)), sections);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "config.yaml of a model repository (Mlops.Sdk)",
            ["$ref"] = $"#/$defs/{nameof(ModelConfig)}",
            ["$defs"] = new JsonObject(sections),
        };
        return schema.ToJsonString(Indented) + "\n";
    }

    private static void Visit(SectionChoice choice, SortedDictionary<string, JsonNode?> sections)
    {
        var name = SectionConverter.SchemaName(choice.Section, choice.Kind);
        if (!sections.TryAdd(name, null))
            return;
        var shape = SectionShape.Of(choice.Section);
        var properties = new JsonObject();
        if (choice.Kind is not null)
            properties[KindConverter.Key] = new JsonObject { ["description"] = "What the step is.", ["const"] = choice.Kind };
        foreach (var key in shape.Keys.Values)
        {
            properties[key.Key.Name] = Property(key);
            foreach (var section in key.Converter.Sections)
                Visit(section, sections);
        }

        sections[name] = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. shape.Keys.Values.Where(k => k.Key.Required).Select(k => JsonValue.Create(k.Key.Name))]),
            ["properties"] = properties,
        };
    }

    private static JsonObject Property(KeyShape key)
    {
        var property = new JsonObject { ["description"] = Description(key.Key) };
        if (key.Key.Default is { } value)
            property["default"] = Json(value, key.Converter);
        if (key.Key.Example is { } example)
            property["examples"] = new JsonArray(Json(example, key.Converter));
        // Left out and null are the same.
        property["anyOf"] = new JsonArray(key.Converter.Schema(), new JsonObject { ["type"] = "null" });
        return property;
    }

    private static string Description(KeyAttribute key) => key switch
    {
        { DefaultFrom: { } path } => $"{key.Purpose} Default: that of {path}.",
        { DefaultText: { } text } => $"{key.Purpose} Default: {text}.",
        _ => key.Purpose,
    };

    /// <summary>A value as it is written, in JSON: numbers and words as the key's type reads them.</summary>
    private static JsonNode? Json(string text, Converter converter) =>
        YamlReader.Read(Text.SourceText.Of("value", text), new()) is { } node ? Json(node, converter.Many == Many.One ? (converter.Schema()["type"] as JsonValue)?.GetValue<string>() : null) : null;

    private static JsonNode? Json(YamlNode node, string? type) => node switch
    {
        YamlMapping mapping => new JsonObject(mapping.Entries.Select(e => KeyValuePair.Create(e.Key, Json(e.Value, null)))),
        YamlSequence list => new JsonArray([.. list.Items.Select(i => Json(i, null))]),
        YamlScalar { Text: "true" or "false" } scalar when type is "boolean" => JsonValue.Create(scalar.Text == "true"),
        YamlScalar { Quoted: false } scalar when type is "integer" or null && ScalarTypes.Integer(scalar.Text) is long number => JsonValue.Create(number),
        YamlScalar scalar when type is "number" && ScalarTypes.Number(scalar.Text) is double number => JsonValue.Create(number),
        YamlScalar scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };
}
