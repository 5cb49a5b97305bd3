using System.Globalization;
using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Computes values of the definition language: Get, Std:Join, Std:JsonGet, nested at will.</summary>
public sealed class ExpressionEvaluator(IExpressionScope scope)
{
    private static readonly string[] ItemNames = ["OutputName", "InputName", "MetricName", "ChannelName", "Name"];

    /// <summary>The value with every expression within it replaced by what it stands for.</summary>
    public JsonNode? Evaluate(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject { Count: 1 } o when Expression.IsExpression(o):
                var (kind, argument) = o.First();
                return kind switch
                {
                    Expression.Get => Lookup(argument?.ToString() ?? ""),
                    Expression.Join => Join(argument),
                    _ => JsonGet(argument),
                };
            case JsonObject o:
                var result = new JsonObject();
                foreach (var (name, value) in o)
                    result[name] = Evaluate(value);
                return result;
            case JsonArray a:
                return new JsonArray([.. a.Select(Evaluate)]);
            default:
                return node?.DeepClone();
        }
    }

    private JsonNode? Lookup(string path)
    {
        var parts = PropertyPath.Parse(path);
        JsonNode? value = parts switch
        {
            ["Parameters", var name] => scope.Parameter(name) ?? throw new DefinitionException($"There is no parameter '{name}'."),
            ["Execution", var name] => scope.ExecutionVariable(name) ?? throw new DefinitionException($"There is no execution variable '{name}'."),
            ["PipelineExperimentConfig", var name] => Evaluate(scope.Experiment(name) is { } named && named.ToJsonString().Contains("PipelineExperimentConfig", StringComparison.Ordinal)
                ? throw new DefinitionException($"'{name}' of PipelineExperimentConfig refers to PipelineExperimentConfig.") : scope.Experiment(name)) ?? throw new DefinitionException($"The pipeline's PipelineExperimentConfig has no '{name}'."),
            ["Steps", var step, .. var rest] => Walk(scope.StepProperties(step) ?? throw new DefinitionException($"The step '{step}' has not run."), rest, path),
            _ => throw new DefinitionException($"'{path}' refers to nothing that a pipeline has."),
        };
        return value?.DeepClone();
    }

    private JsonValue Join(JsonNode? argument)
    {
        var on = Json.Text(Json.Member(argument, "On"));
        var values = Json.Member(argument, "Values") as JsonArray ?? throw new DefinitionException("Std:Join has no 'Values'.");
        return JsonValue.Create(string.Join(on, values.Select(v => Json.Text(Evaluate(v)))));
    }

    private JsonNode? JsonGet(JsonNode? argument)
    {
        if (Json.Member(argument, "S3Uri") is { } place)
        {
            var (uri, within) = (Json.Text(Evaluate(place)), Json.Text(Evaluate(Json.Member(argument, "Path"))));
            return Walk(scope.Document(uri), PropertyPath.Parse(within), $"{uri}:{within}")?.DeepClone();
        }

        var reference = Json.Member(Json.Member(argument, "PropertyFile"), "Get")?.ToString() ?? throw new DefinitionException("Std:JsonGet names no property file.");
        if (PropertyPath.Parse(reference) is not ["Steps", var step, "PropertyFiles", var name])
            throw new DefinitionException($"'{reference}' is not a property file.");
        var path = Json.Text(Evaluate(Json.Member(argument, "Path")));
        return Walk(scope.PropertyFile(step, name), PropertyPath.Parse(path), $"{name}:{path}")?.DeepClone();
    }

    private static JsonNode? Walk(JsonNode? node, IReadOnlyList<string> parts, string path)
    {
        foreach (var part in parts)
        {
            node = node switch
            {
                JsonObject o when o.TryGetPropertyValue(part, out var member) => member,
                JsonArray a when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < a.Count => a[i],
                JsonArray a => a.FirstOrDefault(item => NamedAs(item, part)) ?? throw Missing(part),
                _ => throw Missing(part),
            };
        }

        return node;

        DefinitionException Missing(string part) => new($"'{path}' leads nowhere: there is no '{part}'.");
    }

    /// <summary>Lists of the Describe calls are addressed by the name that their items carry.</summary>
    private static bool NamedAs(JsonNode? item, string name) =>
        item is JsonObject o && ItemNames.Any(n => o[n]?.ToString() == name);
}
