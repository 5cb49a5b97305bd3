using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>JSON as this project writes it: indented by two, LF, one line break at the end, no escapes that a reader does not need.</summary>
public static class Json
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 128 };

    public static byte[] Write(JsonNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
            node.WriteTo(writer);
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>One line with the members in ordinal order: equal values, equal text.</summary>
    public static string Canonical(JsonNode? node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            WriteSorted(node, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads an object; throws <see cref="DefinitionException"/> where the text is not one.</summary>
    public static JsonObject ReadObject(ReadOnlySpan<byte> utf8, string what)
    {
        // Editors of Windows put a mark before the text.
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        try
        {
            return JsonNode.Parse(utf8, documentOptions: Strict) as JsonObject ?? throw new DefinitionException($"{what} is not a JSON object.");
        }
        catch (JsonException e)
        {
            throw new DefinitionException($"{what} is not JSON: {e.Message}");
        }
    }

    /// <summary>The objects of an array; none where it is no array.</summary>
    public static IEnumerable<JsonObject> Objects(JsonNode? node) => node is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>The items of an array as texts; none where it is no array.</summary>
    public static IEnumerable<string> Texts(JsonNode? node) => node is JsonArray array ? array.Select(ExpressionEvaluator.Text) : [];

    /// <summary>The members of an object as texts, by their names; none where it is no object.</summary>
    public static Dictionary<string, string> TextMembers(JsonNode? node) =>
        (node as JsonObject ?? []).ToDictionary(m => m.Key, m => ExpressionEvaluator.Text(m.Value), StringComparer.Ordinal);

    /// <summary>An object of texts.</summary>
    public static JsonObject OfTexts(IEnumerable<KeyValuePair<string, string>> texts) => new(texts.Select(t => KeyValuePair.Create<string, JsonNode?>(t.Key, t.Value)));

    /// <summary>A number, however the node holds it: one made by code converts between no number types.</summary>
    public static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : null;

    private static void WriteSorted(JsonNode? node, Utf8JsonWriter writer)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject o:
                writer.WriteStartObject();
                foreach (var (name, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    WriteSorted(value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonArray a:
                writer.WriteStartArray();
                foreach (var item in a)
                    WriteSorted(item, writer);
                writer.WriteEndArray();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
