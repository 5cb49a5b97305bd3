using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Takes members out of JSON, or says in a sentence what is wrong with it.</summary>
internal static class JsonShape
{
    public static JsonObject Object(JsonNode? node, string what) =>
        node as JsonObject ?? throw new DefinitionException($"Where {what} belongs, the definition has {Kind(node)}.");

    public static string Text(JsonObject o, string member, string what) =>
        o[member] is JsonValue v && v.TryGetValue<string>(out var text) ? text : throw new DefinitionException($"'{member}' of {what} is {Kind(o[member])}, and should be a string.");

    public static IReadOnlyList<JsonNode?> Items(JsonNode? node, string what) => node switch
    {
        null => [],
        JsonArray array => [.. array],
        _ => throw new DefinitionException($"'{what}' is {Kind(node)}, and should be an array."),
    };

    private static string Kind(JsonNode? node) => node switch
    {
        null => "nothing",
        JsonObject => "an object",
        JsonArray => "an array",
        _ => $"the value {node.ToJsonString()}",
    };
}
