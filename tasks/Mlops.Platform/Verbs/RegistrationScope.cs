using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Verbs;

/// <summary>What expressions see where no pipeline runs: the parameters of a published definition.</summary>
internal sealed class RegistrationScope(PipelineDefinition definition) : IExpressionScope
{
    public JsonNode? Parameter(string name) => definition.Parameters.FirstOrDefault(p => p.Name == name)?.Default?.DeepClone();

    public JsonNode? ExecutionVariable(string name) => throw new DefinitionException($"it needs '{name}' of an execution.");

    public JsonObject? StepProperties(string step) => throw new DefinitionException($"it needs what the step '{step}' leaves.");

    public JsonNode PropertyFile(string step, string name) => throw new DefinitionException($"it needs what the step '{step}' measures.");

    public JsonNode Document(string s3Uri) => throw new DefinitionException($"it needs what '{s3Uri}' holds.");

    public JsonNode? Experiment(string name) => definition.ExperimentConfig?[name];
}
