using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>What expressions see before a run: parameters, and nothing else.</summary>
/// <param name="parameters">Of the run; the others have their defaults.</param>
public sealed class ParameterScope(PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters) : IExpressionScope
{
    public JsonNode? Parameter(string name) => parameters.TryGetValue(name, out var value) ? value : definition.Parameters.FirstOrDefault(p => p.Name == name)?.Default?.DeepClone();

    public JsonNode? ExecutionVariable(string name) => throw new DefinitionException($"'{name}' is known when the pipeline runs.");

    public JsonObject? StepProperties(string step) => throw new DefinitionException($"What '{step}' leaves is known when it has run.");

    public JsonNode PropertyFile(string step, string name) => throw new DefinitionException($"What '{step}' measures is known when it has run.");

    public JsonNode Document(string s3Uri) => throw new DefinitionException($"What '{s3Uri}' holds is known when the pipeline runs.");

    public JsonNode? Experiment(string name) => definition.ExperimentConfig?[name];

    /// <summary>A value that is a text, or that is made one of parameters; null: it is none, or only the run will tell.</summary>
    public string? Text(JsonNode? node)
    {
        try
        {
            return new ExpressionEvaluator(this).Evaluate(node) is JsonValue value ? Json.Text(value) : null;
        }
        catch (DefinitionException)
        {
            return null;
        }
    }
}
