using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>Records of a batch as text: read and written by their MIME type, CSV lines or JSON.</summary>
internal static class TransformRecords
{
    private const string Output = "SageMakerOutput";

    public static bool IsCsv(string mime) => mime.Contains("csv", StringComparison.OrdinalIgnoreCase);

    public static JsonNode? Parse(string record, string mime)
    {
        if (IsCsv(mime))
            return new JsonArray([.. Columns(record).Select(c => JsonValue.Create(c))]);
        try
        {
            return JsonNode.Parse(record);
        }
        catch (JsonException e)
        {
            throw new DefinitionException($"A record of type {mime} is not JSON: {e.Message}");
        }
    }

    public static string Write(JsonNode? node, string mime) => !IsCsv(mime) ? node?.ToJsonString() ?? "null"
        : string.Join(',', (node is JsonArray columns ? columns : [node?.DeepClone()]).Select(c => Quoted(c is JsonValue ? c.ToString() : c?.ToJsonString() ?? "")));

    /// <summary>An answer beside its record: columns behind columns, or a member of the record's object.</summary>
    /// <param name="mime">Of the record.</param>
    public static JsonNode Join(JsonNode? record, JsonNode? answer, string mime)
    {
        if (record is JsonArray columns && IsCsv(mime))
            return new JsonArray([.. columns.Select(c => c?.DeepClone()), .. answer is JsonArray more ? more.Select(c => c?.DeepClone()) : [answer?.DeepClone()]]);
        var joined = record as JsonObject ?? new JsonObject { ["SageMakerInput"] = record?.DeepClone() };
        joined = (JsonObject)joined.DeepClone();
        joined[Output] = answer?.DeepClone();
        return joined;
    }

    /// <summary>The columns of a line (RFC 4180).</summary>
    private static List<string> Columns(string line)
    {
        var columns = new List<string>();
        var text = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
                text.Append(line[i++]);
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
                Next();
            else
                text.Append(c);
        }

        Next();
        return columns;

        void Next()
        {
            columns.Add(text.ToString());
            text.Clear();
        }
    }

    private static string Quoted(string column) => column.AsSpan().IndexOfAny(",\"\n\r") < 0 ? column : $"\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
