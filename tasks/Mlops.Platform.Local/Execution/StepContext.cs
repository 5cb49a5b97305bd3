using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>What a step's execution needs of its surroundings.</summary>
internal sealed record StepContext
{
    public required EngineContext Execution { get; init; }

    public required PipelineStep Step { get; init; }

    /// <summary>With every expression computed.</summary>
    public required JsonObject Arguments { get; init; }

    /// <summary>Told when the step's program runs.</summary>
    public required Action<ProcessIdentity> OnStart { get; init; }

    /// <summary>Told every value of a metric as the log shows it.</summary>
    public Action<string, double>? OnMetric { get; init; }

    public string ExecutionId => Execution.ExecutionId;

    public LocalRoot Root => Execution.Root;

    public LocalRegistry Registry => Execution.Registry;

    public LocalObjectStore Objects => Execution.Objects;

    public IEventSink Events => Execution.Events;

    public string Log => Path.Combine(Root.Run(ExecutionId), Step.Name + ".log");

    public string Folder => Path.Combine(Root.Run(ExecutionId), Step.Name);

    /// <summary>SageMaker's job names: unique in the account.</summary>
    public string JobName => $"pipelines-{ExecutionId}-{Step.Name}";

    /// <summary>The program that stands for one of a container's.</summary>
    public string Interpreter(string name) => Execution.Interpreters.GetValueOrDefault(Path.GetFileName(name), name);

    public TimeSpan MaxRuntime() =>
        TimeSpan.FromSeconds(Math.Min(Json.Number(Arguments["StoppingCondition"]?["MaxRuntimeInSeconds"]) ?? 86400, 28 * 86400));

    /// <summary>The command as it is started: with /opt/ml itself where the program names it ('local.sandbox').</summary>
    public IReadOnlyList<string> Contained(IReadOnlyList<string> command, ContainerFolder container)
    {
        var always = Execution.Sandbox == LocalSettings.NamespaceSandbox;
        if (Execution.Sandbox == LocalSettings.ProcessSandbox || (!always && !MountedPaths.AreNamed(command, container.BaseFolder)))
            return command;
        if (MountedPaths.Possible)
            return MountedPaths.Wrap(command, container.BaseFolder);
        if (always)
            throw LocalErrors.NoNamespace(Step.Name).ToException();
        Events.Add(LocalErrors.PathNotMounted(Step.Name));
        return command;
    }

    public static string Text(JsonNode? node) => ExpressionEvaluator.Text(node);
}
