using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>What the expressions of one step see: all of the execution's, and the name of the step's own job.</summary>
internal sealed class JobScope(IExpressionScope execution, string jobName) : IExpressionScope
{
    public JsonNode? Parameter(string name) => execution.Parameter(name);

    public JsonNode? ExecutionVariable(string name) => name is "TrainingJobName" or "ProcessingJobName" ? JsonValue.Create(jobName) : execution.ExecutionVariable(name);

    public JsonObject? StepProperties(string step) => execution.StepProperties(step);

    public JsonNode PropertyFile(string step, string name) => execution.PropertyFile(step, name);

    public JsonNode Document(string s3Uri) => execution.Document(s3Uri);

    public JsonNode? Experiment(string name) => execution.Experiment(name);
}
