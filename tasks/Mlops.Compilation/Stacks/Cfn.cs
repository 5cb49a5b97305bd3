using System.Text.Json.Nodes;

namespace Mlops.Compilation.Stacks;

/// <summary>CloudFormation's intrinsic functions ("Intrinsic function reference" of its user guide).</summary>
internal static class Cfn
{
    public static JsonObject Ref(string name) => new() { ["Ref"] = name };

    public static JsonObject GetAtt(string resource, string attribute) => new() { ["Fn::GetAtt"] = new JsonArray(resource, attribute) };

    /// <summary>A text with ${Name}, ${Name.Attribute} and pseudo-parameters such as ${AWS::Region}.</summary>
    public static JsonObject Sub(string text) => new() { ["Fn::Sub"] = text };

    /// <summary>The text as it is where it refers to nothing.</summary>
    public static JsonNode Text(string text) => text.Contains("${", StringComparison.Ordinal) ? Sub(text) : JsonValue.Create(text);

    public static JsonObject If(string condition, JsonNode? yes, JsonNode? no) => new() { ["Fn::If"] = new JsonArray(condition, yes ?? NoValue, no ?? NoValue) };

    public static JsonObject NoValue => Ref("AWS::NoValue");

    /// <summary>Whether a value is a function, which is taken whole or not at all.</summary>
    public static bool IsIntrinsic(JsonNode? node) => node is JsonObject { Count: 1 } o && o.First().Key is var key && (key == "Ref" || key.StartsWith("Fn::", StringComparison.Ordinal));

    /// <summary>One value as it is, several as a list.</summary>
    public static JsonNode OneOrMany(IReadOnlyList<string> texts) => texts.Count == 1 ? Text(texts[0]) : new JsonArray([.. texts.Select(Text)]);
}
