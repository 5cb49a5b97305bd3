using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Decides a Condition step: all of its conditions must hold. Values of different types are an error, as on SageMaker.</summary>
public sealed class ConditionEvaluator(ExpressionEvaluator expressions)
{
    private static readonly string[] Types = ["Not", "Or", "In", "Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"];

    public bool AllHold(JsonObject arguments) =>
        JsonShape.Items(arguments["Conditions"], "Conditions").All(c => Holds(JsonShape.Object(c, "a condition")));

    /// <summary>What is wrong with a Condition step's arguments, in a sentence; null: nothing that can be known before a run.</summary>
    public static string? Wrong(PipelineDefinition definition, JsonObject arguments) => AllWrong(definition, arguments["Conditions"], "Conditions");

    private static string? AllWrong(PipelineDefinition definition, JsonNode? conditions, string what) =>
        conditions is not JsonArray { Count: > 0 } list ? $"'{what}' is a list of conditions, and {(conditions is null ? "there is none" : "has none")}."
            : list.Select(c => Wrong(definition, c)).FirstOrDefault(w => w is not null);

    private static string? Wrong(PipelineDefinition definition, JsonNode? node)
    {
        if (node is not JsonObject condition)
            return $"a condition is an object, and here is {Shown(node)}.";
        if (condition["Type"] is not JsonValue named || !Types.Contains(named.ToString()))
            return $"there is no condition of the type {Shown(condition["Type"])}: there are {string.Join(", ", Types)}.";
        switch (named.ToString())
        {
            case "Not":
                return Wrong(definition, Negated(condition));
            case "Or":
                return AllWrong(definition, condition["Conditions"], "Conditions of 'Or'");
            case "In":
                return condition["QueryValue"] is null ? "a condition of the type 'In' has no QueryValue."
                    : condition["Values"] is not JsonArray { Count: > 0 } values ? "'Values' of a condition of the type 'In' is a list, and has nothing in it."
                    : values.Select(v => Differ(definition, condition["QueryValue"], v)).FirstOrDefault(w => w is not null);
            default:
                foreach (var side in new[] { "LeftValue", "RightValue" })
                {
                    if (condition[side] is null)
                        return $"a condition of the type '{named}' has no {side}.";
                }

                return Differ(definition, condition["LeftValue"], condition["RightValue"]);
        }
    }

    private static string? Differ(PipelineDefinition definition, JsonNode? left, JsonNode? right) =>
        TypeOf(definition, left) is { } l && TypeOf(definition, right) is { } r && l != r ? $"{Shown(left)} is {l}, and {Shown(right)} is {r}: SageMaker compares values of one type alone." : null;

    /// <summary>Null: only the run will tell.</summary>
    private static string? TypeOf(PipelineDefinition definition, JsonNode? node)
    {
        if (node is JsonValue value)
            return value.GetValueKind() switch { JsonValueKind.String => "a text", JsonValueKind.Number => "a number", JsonValueKind.True or JsonValueKind.False => "a truth value", _ => null };
        if (!Expression.IsExpression(node))
            return null;
        var (kind, argument) = ((JsonObject)node!).First();
        if (kind == Expression.Join)
            return "a text";
        return kind == Expression.Get && argument is JsonValue path ? PropertyPath.Parse(path.ToString()) switch
        {
            ["Execution", _] => "a text",
            ["Parameters", var name] => definition.Parameters.FirstOrDefault(p => p.Name == name)?.Type switch { "String" => "a text", "Integer" or "Float" => "a number", "Boolean" => "a truth value", _ => null },
            ["Steps", var step, "OutputParameters", var output] => Json.Objects(definition.AllSteps.FirstOrDefault(s => s.Name == step)?.Others["OutputParameters"]).FirstOrDefault(o => Json.Text(o["OutputName"]) == output) is { } declared
                ? Json.Text(declared["OutputType"]) switch { "String" => "a text", "Integer" or "Float" => "a number", "Boolean" => "a truth value", _ => null } : null,
            _ => null,
        } : null;
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
