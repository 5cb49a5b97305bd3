using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>The definition language's expressions, as JSON: made by emitters, found by the graph, computed by <see cref="ExpressionEvaluator"/>.</summary>
public static class Expression
{
    public const string Get = "Get";
    public const string Join = "Std:Join";
    public const string JsonGet = "Std:JsonGet";

    public static JsonObject Reference(string path) => new() { [Get] = path };

    public static JsonObject Parameter(string name) => Reference($"Parameters.{name}");

    public static JsonObject ProcessingOutput(string step, string output) =>
        Reference($"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri");

    public static JsonObject Joined(string on, params IEnumerable<JsonNode> values) =>
        new() { [Join] = new JsonObject { ["On"] = on, ["Values"] = new JsonArray([.. values]) } };

    /// <summary>A value of a property file.</summary>
    public static JsonObject FromPropertyFile(string step, string propertyFile, string path) => new()
    {
        [JsonGet] = new JsonObject { ["PropertyFile"] = Reference($"Steps.{step}.PropertyFiles.{propertyFile}"), ["Path"] = path },
    };

    public static bool IsExpression(JsonNode? node) => node is JsonObject { Count: 1 } o && o.First().Key is (Get or Join or JsonGet);

    /// <summary>The paths of all Get expressions within a value.</summary>
    public static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject { Count: 1 } o when o[Get] is JsonValue v && v.TryGetValue<string>(out var path) => [path],
        JsonObject o => o.SelectMany(m => References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };
}
