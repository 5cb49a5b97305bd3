using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Documentation;

/// <summary>
/// The configuration as JSON Schema, draft 2020-12, for editors: completion, descriptions and a first check while typing. Made from the
/// types that the binder reads. It accepts whatever the binder accepts; what only the repository can tell is the compiler's.
/// </summary>
public static class ConfigSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write()
    {
        var sections = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        Visit(typeof(ModelConfig), sections);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "config.yaml of a model repository (Mlops.Sdk)",
            ["$ref"] = $"#/$defs/{nameof(ModelConfig)}",
            ["$defs"] = new JsonObject(sections),
        };
        return schema.ToJsonString(Indented) + "\n";
    }

    private static void Visit(Type type, SortedDictionary<string, JsonNode?> sections)
    {
        if (!sections.TryAdd(type.Name, null))
            return;
        var shape = SectionShape.Of(type);
        var properties = new JsonObject();
        foreach (var key in shape.Keys.Values)
        {
            var property = key.Converter.Schema();
            // Left out and null are the same.
            property = new JsonObject { ["description"] = Description(key), ["anyOf"] = new JsonArray(property, new JsonObject { ["type"] = "null" }) };
            properties[key.Key.Name] = property;
            if (key.Converter.Section is { } section)
                Visit(section, sections);
        }

        sections[type.Name] = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. shape.Keys.Values.Where(k => k.Key.Required).Select(k => JsonValue.Create(k.Key.Name))]),
            ["properties"] = properties,
        };
    }

    private static string Description(KeyShape key) => key.Key.Default is { } value ? $"{key.Key.Purpose} Default: {value}" : key.Key.Purpose;
}
