using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mlops.Definitions;

/// <summary>Takes members out of JSON, or says in a sentence what is wrong with it.</summary>
internal static partial class JsonShape
{
    public static JsonObject Object(JsonNode? node, string what) =>
        node as JsonObject ?? throw new DefinitionException($"Where {what} belongs, the definition has {Kind(node)}.");

    public static string Text(JsonObject o, string member, string what) =>
        o[member] is JsonValue v && v.TryGetValue<string>(out var text) ? text : throw new DefinitionException($"'{member}' of {what} is {Kind(o[member])}, and should be a string.");

    /// <summary>A name as SageMaker takes it ("StepName" and "PipelineParameterName" of the API): it is part of names of jobs and of folders.</summary>
    public static string Name(JsonObject o, string what, int most)
    {
        var name = Text(o, "Name", what);
        return Names().IsMatch(name) && name.Length <= most ? name : throw new DefinitionException($"'{name}' cannot be the name of {what}: it has 1 to {most} letters, digits, hyphens and underscores.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z")]
    private static partial Regex Names();

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
