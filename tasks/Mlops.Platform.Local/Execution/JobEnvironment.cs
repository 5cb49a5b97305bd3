using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Execution;

/// <summary>Environment variables that every job has.</summary>
internal static class JobEnvironment
{
    public static Dictionary<string, string> Of(StepContext step, ContainerFolder container, string jobNameVariable)
    {
        var environment = new Dictionary<string, string>(step.Execution.Environment, StringComparer.Ordinal)
        {
            ["SAGEMAKER_BASE_DIR"] = container.Shown,
            [jobNameVariable] = step.JobName,
            [ProcessGroup.ExecutionVariable] = step.ExecutionId,
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        if (step.Arguments["Environment"] is JsonObject own)
        {
            foreach (var (name, value) in own)
                environment[name] = container.Map(Json.Text(value));
        }

        // As in SageMaker's containers; Windows' own encoding knows few letters.
        if (OperatingSystem.IsWindows())
            environment.TryAdd("PYTHONUTF8", "1");

        // What a program installs is its own, and not the user's Python's.
        if (!container.IsMounted)
        {
            var packages = Path.Combine(step.Folder, ".packages");
            environment.TryAdd("PIP_TARGET", packages);
            environment["PYTHONPATH"] = string.Join(Path.PathSeparator, new[] { packages, environment.GetValueOrDefault("PYTHONPATH") ?? System.Environment.GetEnvironmentVariable("PYTHONPATH") }.OfType<string>());
        }

        return environment;
    }
}
