using System.Text.Json.Nodes;

namespace Mlops.Platform.Local.Execution;

/// <summary>Environment variables that every job has.</summary>
internal static class JobEnvironment
{
    /// <summary>Marks all that a run starts, so that what a killed one left can be found.</summary>
    public const string ExecutionVariable = "MLOPS_EXECUTION_ID";

    public static Dictionary<string, string> Of(StepContext step, ContainerFolder container, string jobNameVariable)
    {
        var environment = new Dictionary<string, string>(step.Execution.Environment, StringComparer.Ordinal)
        {
            ["SAGEMAKER_BASE_DIR"] = container.Shown,
            [jobNameVariable] = step.JobName,
            [ExecutionVariable] = step.ExecutionId,
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        if (step.Arguments["Environment"] is JsonObject own)
        {
            foreach (var (name, value) in own)
                environment[name] = container.Map(StepContext.Text(value));
        }

        return environment;
    }
}
