using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Decides a Condition step: all of its conditions must hold. Values of different types are an error, as on SageMaker.</summary>
public sealed class ConditionEvaluator(ExpressionEvaluator expressions)
{
    private static readonly string[] Types = ["Not", "Or", "In", "Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"];

    public bool AllHold(JsonObject arguments) =>
        JsonShape.Items(arguments["Conditions"], "Conditions").All(c => Holds(JsonShape.Object(c, "a condition")));

    /// <summary>The first type that is none, of a Condition step's arguments; null: all are known.</summary>
    public static string? UnknownType(JsonNode? arguments)
    {
        foreach (var condition in Json.Objects(arguments?["Conditions"]).Concat(Negated(arguments) is JsonObject negated ? [negated] : []))
        {
            if (condition["Type"] is JsonValue type && !Types.Contains(type.ToString()))
                return type.ToString();
            if (UnknownType(condition) is { } nested)
                return nested;
        }

        return null;
    }

    /// <summary>The SageMaker Python SDK writes Expression (ConditionNot), "Pipeline definition schema" has Condition.</summary>
    private static JsonNode? Negated(JsonNode? condition) => condition?["Expression"] ?? condition?["Condition"];

    private bool Holds(JsonObject condition)
    {
        var type = JsonShape.Text(condition, "Type", "a condition");
        switch (type)
        {
            case "Not":
                return !Holds(JsonShape.Object(Negated(condition), "a condition"));
            case "Or":
                return JsonShape.Items(condition["Conditions"], "Conditions").Any(c => Holds(JsonShape.Object(c, "a condition")));
            case "In":
                var query = expressions.Evaluate(condition["QueryValue"]);
                return JsonShape.Items(condition["Values"], "Values").Any(v => Compare(query, expressions.Evaluate(v)) == 0);
        }

        var order = Compare(expressions.Evaluate(condition["LeftValue"]), expressions.Evaluate(condition["RightValue"]));
        return type switch
        {
            "Equals" => order == 0,
            "NotEquals" => order != 0,
            "GreaterThan" => order > 0,
            "GreaterThanOrEqualTo" => order >= 0,
            "LessThan" => order < 0,
            "LessThanOrEqualTo" => order <= 0,
            _ => throw new DefinitionException($"There is no condition type '{type}'."),
        };
    }

    private static int Compare(JsonNode? left, JsonNode? right)
    {
        var (l, r) = (left as JsonValue, right as JsonValue);
        if (Json.Number(left) is { } x && Json.Number(right) is { } y)
            return x.CompareTo(y);
        if (l?.GetValueKind() == JsonValueKind.String && r?.GetValueKind() == JsonValueKind.String)
            return string.CompareOrdinal(l.GetValue<string>(), r.GetValue<string>());
        if (l?.GetValueKind() is JsonValueKind.True or JsonValueKind.False && r?.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return l.GetValue<bool>().CompareTo(r.GetValue<bool>());
        throw new DefinitionException($"{Shown(left)} and {Shown(right)} cannot be compared: their types differ, or one is missing.");
    }

    private static string Shown(JsonNode? node) => node?.ToJsonString() ?? "nothing";
}
