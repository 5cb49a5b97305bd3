using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>A template's values as CloudFormation would have them, as far as they follow from parameters, pseudo parameters and conditions.</summary>
/// <param name="values">Of parameters, and of AWS::... where they are known; the others have their defaults.</param>
internal sealed partial class TemplateScope(JsonObject template, IReadOnlyDictionary<string, string> values)
{
    private const string NoValue = "AWS::NoValue";

    /// <summary>Whether a resource is made.</summary>
    public bool Has(JsonNode resource) => resource["Condition"] is not { } condition || Holds(condition.ToString());

    /// <summary>What Fn::If chooses; null: AWS::NoValue.</summary>
    public JsonNode? Chosen(JsonNode? node)
    {
        while (node is JsonObject { Count: 1 } only && only["Fn::If"] is JsonArray { Count: 3 } choice)
            node = choice[Holds(choice[0]!.ToString()) ? 1 : 2];
        return node is JsonObject { Count: 1 } reference && reference["Ref"]?.ToString() == NoValue ? null : node;
    }

    /// <summary>A text, with what it refers to where that is known.</summary>
    public string? Text(JsonNode? node) => Chosen(node) switch
    {
        null => null,
        JsonObject { Count: 1 } o when o["Ref"]?.ToString() is { } name => Value(name),
        JsonObject { Count: 1 } o when o["Fn::Sub"] is JsonValue text => Variables().Replace(text.ToString(), m => Value(m.Groups[1].Value) ?? m.Value),
        JsonObject => null, // Fn::Join, Fn::GetAtt: only CloudFormation knows.
        var other => other.ToString(),
    };

    private string? Value(string name) => values.GetValueOrDefault(name) ?? template["Parameters"]?[name]?["Default"]?.ToString();

    private bool Holds(string condition) => IsTrue(template["Conditions"]?[condition]);

    private bool IsTrue(JsonNode? condition) => condition is JsonObject { Count: 1 } only && only.First() is var (function, of) && function switch
    {
        "Condition" => Holds(of!.ToString()),
        "Fn::Equals" => of is JsonArray { Count: 2 } pair && Text(pair[0]) is { } first && first == Text(pair[1]),
        "Fn::Not" => !Json.Objects(of).Any(IsTrue),
        "Fn::And" => Json.Objects(of).All(IsTrue),
        "Fn::Or" => Json.Objects(of).Any(IsTrue),
        _ => false,
    };

    [GeneratedRegex(@"\$\{([A-Za-z0-9:]+)\}")]
    private static partial Regex Variables();
}
