using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
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

    /// <summary>Computes what stands beside the arguments.</summary>
    public required Func<JsonNode?, JsonNode?> Evaluate { get; init; }

    /// <summary>Told every value of a metric as the log shows it.</summary>
    public Action<string, double>? OnMetric { get; init; }

    /// <summary>Told what was not the program's own doing.</summary>
    public Action<StepFault> OnFault { get; init; } = _ => { };

    public string ExecutionId => Execution.ExecutionId;

    public LocalRoot Root => Execution.Root;

    public LocalRegistry Registry => Execution.Registry;

    public LocalObjectStore Objects => Execution.Objects;

    public IEventSink Events => Execution.Events;

    public string Log => Path.Combine(Root.Run(ExecutionId), Step.Name + ".log");

    public string Folder => Path.Combine(Root.Run(ExecutionId), Step.Name);

    /// <summary>SageMaker's job names: unique in the account.</summary>
    public string JobName => JobNameOf(ExecutionId, Step.Name);

    public static string JobNameOf(string execution, string step) => $"pipelines-{execution}-{step}";

    /// <summary>The program that stands for one of a container's.</summary>
    public string Interpreter(string name) => Execution.Programs.Interpreter(name);

    /// <summary>"SageMaker AI sends the algorithm the SIGTERM signal, which delays job termination for 120 seconds" (StoppingCondition).</summary>
    private static readonly TimeSpan TrainingGrace = TimeSpan.FromSeconds(120);

    public TimeSpan MaxRuntime() =>
        TimeSpan.FromSeconds(Math.Min(Arguments["StoppingCondition"]?["MaxRuntimeInSeconds"] is not { } limit ? 86400 : Json.Number(limit) is { } seconds and > 0 ? seconds
            : throw new DefinitionException($"MaxRuntimeInSeconds is a number from 1 on, and here it is {limit.ToJsonString()}."), 28 * 86400));

    /// <summary>A host's program, ready to run: on this machine, with /opt/ml mounted where the program names it, or in its image ('local.sandbox').</summary>
    public StepProcess Process(JobHost host, JobProgram program, IReadOnlyDictionary<string, string> environment, Action<string>? onLine = null)
    {
        var contained = host.Container.IsMounted;
        var (command, place) = contained ? (InImage(host, program, environment), null) : OnMachine(host, [.. program.Entrypoint, .. program.Arguments], environment);
        return new StepProcess
        {
            Step = Step.Name,
            Command = command,
            Place = place,
            Folder = program.WorkingDirectory ?? host.Container.BaseFolder,
            Container = contained ? host.Folder : null,
            Input = program.Input,
            Log = host.Log,
            // A client of the engine reads variables of its own by these names.
            Environment = contained ? new Dictionary<string, string> { [ProcessGroup.ExecutionVariable] = ExecutionId } : environment,
            MaxRuntime = MaxRuntime(),
            TimeToSave = Step.Type is StepTypes.Training or StepTypes.Tuning ? TrainingGrace : StepProcess.Patience,
            OnLine = onLine,
            OnFault = OnFault,
            OnStart = host.IsFirst ? OnStart : _ => { }, // The others are found by what marks all of an execution.
        };
    }

    private static IReadOnlyList<string> InImage(JobHost host, JobProgram program, IReadOnlyDictionary<string, string> environment) => ContainerRuntime.Current.Command(new ContainerRun
    {
        Image = program.Image,
        Entrypoint = program.Entrypoint,
        Arguments = program.Arguments,
        Folder = host.Folder,
        Mounts = host.Container.Mounts,
        Variables = environment,
        IsIsolated = program.IsIsolated,
        Hosts = host.Count > 1 ? host.Addresses : [],
    });

    private (IReadOnlyList<string> Command, MountPlace? Place) OnMachine(JobHost host, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        // A hyperparameter is handed on as it is: what it names is there, or nothing is.
        var wanted = Execution.Programs.WantsMount(command, host.Container.BaseFolder) || (Execution.Programs.MayMount && NamesPaths(Arguments["HyperParameters"]));
        // Several hosts find each other by their names, where these can be made known to them alone.
        if (!wanted && (host.Count == 1 || !Execution.Programs.MayMount || !MountedPaths.Possible))
            return (command, null);
        if (MountedPaths.Possible)
            return host.Count == 1 && Execution.Mounts.Take(host.Container.BaseFolder) is { } place ? (command, place)
                : (MountedPaths.Wrap(command, host.Container.BaseFolder, host.Count > 1 ? host.Addresses : [], environment), null);
        if (Execution.Programs.InNamespace)
            throw LocalErrors.NoNamespace(Step.Name).ToException();
        Events.Add(LocalErrors.PathNotMounted(Step.Name));
        return (command, null);
    }

    private static bool NamesPaths(JsonNode? hyperparameters) =>
        Json.TextMembers(hyperparameters).Any(h => !h.Key.StartsWith("sagemaker_", StringComparison.Ordinal) && h.Value.Contains("/opt/ml/", StringComparison.Ordinal));
}
