using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>What expressions can see of a running execution.</summary>
public interface IExpressionScope
{
    /// <summary>A parameter's value, or null where there is no such parameter.</summary>
    JsonNode? Parameter(string name);

    /// <summary>A variable such as PipelineExecutionId, or null.</summary>
    JsonNode? ExecutionVariable(string name);

    /// <summary>A finished step's properties in the shape of its Describe call, or null.</summary>
    JsonObject? StepProperties(string step);

    /// <summary>The content of a step's property file; throws <see cref="DefinitionException"/> where there is none.</summary>
    JsonNode PropertyFile(string step, string name);

    /// <summary>The content of a JSON file in S3; throws <see cref="DefinitionException"/> where there is none.</summary>
    JsonNode Document(string s3Uri);

    /// <summary>PipelineExperimentConfig's ExperimentName or TrialName, as the definition has it, or null.</summary>
    JsonNode? Experiment(string name);
}
