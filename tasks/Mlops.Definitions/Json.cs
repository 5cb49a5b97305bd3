using System.Globalization;
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
            throw new DefinitionException($"{what}{Place(e)} is not JSON: {Cause(e.Message)}");
        }
    }

    /// <summary>As editors count, from 1, where the line is ASCII: columns are those of its bytes.</summary>
    private static string Place(JsonException e) => e.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, column {(e.BytePositionInLine ?? 0) + 1})") : "";

    /// <summary>Without the place, which is said already, and without advice for whoever wrote the reader.</summary>
    private static string Cause(string message)
    {
        foreach (var end in new[] { " LineNumber:", " Path:", " Change the reader options." })
            message = message.IndexOf(end, StringComparison.Ordinal) is var at and > 0 ? message[..at] : message;
        return message;
    }

    /// <summary>A member of an object; null where there is none, or where it is no object.</summary>
    public static JsonNode? Member(JsonNode? node, string name) => (node as JsonObject)?[name];

    /// <summary>The objects of an array; none where it is no array.</summary>
    public static IEnumerable<JsonObject> Objects(JsonNode? node) => node is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>A value as text, as Std:Join and job arguments show it: true, 0.1, no quotes.</summary>
    public static string Text(JsonNode? node) => node switch
    {
        null => "",
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        JsonValue v when v.GetValueKind() == JsonValueKind.Number && v.TryGetValue<double>(out var d) && v.ToJsonString().Contains('E') => d.ToString(CultureInfo.InvariantCulture),
        _ => node.ToJsonString(),
    };

    /// <summary>The items of an array as texts; none where it is no array.</summary>
    public static IEnumerable<string> Texts(JsonNode? node) => node is JsonArray array ? array.Select(Text) : [];

    /// <summary>The members of an object as texts, by their names; none where it is no object.</summary>
    public static Dictionary<string, string> TextMembers(JsonNode? node) =>
        (node as JsonObject ?? []).ToDictionary(m => m.Key, m => Text(m.Value), StringComparer.Ordinal);

    /// <summary>An object of texts.</summary>
    public static JsonObject OfTexts(IEnumerable<KeyValuePair<string, string>> texts) => new(texts.Select(t => KeyValuePair.Create<string, JsonNode?>(t.Key, t.Value)));

    /// <summary>A number, however the node holds it: one made by code converts between no number types.</summary>
    public static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;

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
