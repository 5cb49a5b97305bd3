using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>A configuration with every default filled in and every reference resolved: the only thing that emitters read.</summary>
public sealed record ModelPlan
{
    public required string ModelName { get; init; }

    public string? Description { get; init; }

    public required ProblemType ProblemType { get; init; }

    public required ModelDomain Domain { get; init; }

    public required string PipelineName { get; init; }

    public required string ExperimentName { get; init; }

    public required string GroupName { get; init; }

    /// <summary>Null: as many as are ready.</summary>
    public int? MaxParallelSteps { get; init; }

    /// <summary>Of every key that is written to the bucket.</summary>
    public required string Prefix { get; init; }

    public required IReadOnlyList<PlannedParameter> Parameters { get; init; }

    /// <summary>Whether the commit is asked for; publish then fills it in.</summary>
    public required bool UsesGitCommit { get; init; }

    public required IReadOnlyList<PlannedData> Data { get; init; }

    /// <summary>In an order in which they can run.</summary>
    public required IReadOnlyList<PlannedStep> Steps { get; init; }

    public required IReadOnlyList<PlannedGate> Gates { get; init; }

    public required IReadOnlyDictionary<string, Template> Metadata { get; init; }

    public required PlannedInference Inference { get; init; }

    public required IReadOnlyList<PlannedStage> Stages { get; init; }

    public required LocalSettings Local { get; init; }

    /// <summary>What is asked for and not carried out by this version.</summary>
    public required IReadOnlyList<PlannedGap> Gaps { get; init; }
}

/// <param name="Essential">Without it a run would not be what was asked for; else it only lacks something.</param>
public sealed record PlannedGap(string Key, Span Place, bool Essential);

public sealed record PlannedParameter(string Name, ParameterType Type, string Default, IReadOnlyList<string> Allowed);

public sealed record PlannedData(string Name, string Source)
{
    public string Parameter => Configuration.Checks.ReservedNames.DataPrefix + Name;
}

/// <summary>What code runs in: an image of the user's, or one that publish finds for the framework.</summary>
public sealed record PlannedRuntime(Framework Framework, string? Version, string? Image)
{
    /// <summary>The pipeline parameter that takes the image where the user names none.</summary>
    public string ImageParameter =>
        Configuration.Checks.ReservedNames.ImagePrefix + FrameworkName + (Version is null ? "" : "-" + Version.Replace('.', '-').ToLowerInvariant());

    public string FrameworkName => Framework.ToString().ToLowerInvariant();

    /// <summary>SageMaker's own containers, which fetch a script by the training and inference toolkits' contract.</summary>
    public bool HasToolkit => Framework is Framework.Sklearn or Framework.Xgboost or Framework.Pytorch or Framework.Tensorflow or Framework.Huggingface;
}

public enum StepKind
{
    Processing,
    Training,
}

public sealed record PlannedStep
{
    public required string Name { get; init; }

    public required StepKind Kind { get; init; }

    /// <summary>Of the entry point in config.yaml.</summary>
    public required Span Place { get; init; }

    public required PlannedRuntime Runtime { get; init; }

    public required BundlePlan Bundle { get; init; }

    public required IReadOnlyList<PlannedInput> Inputs { get; init; }

    public required IReadOnlyList<PlannedOutput> Outputs { get; init; }

    /// <summary>The metrics document in the output 'report', of an evaluation.</summary>
    public string? Report { get; init; }

    public required IReadOnlyList<Template> Arguments { get; init; }

    public required IReadOnlyDictionary<string, Template> Environment { get; init; }

    public IReadOnlyDictionary<string, Template> Hyperparameters { get; init; } = new Dictionary<string, Template>();

    public IReadOnlyDictionary<string, string> MetricDefinitions { get; init; } = new Dictionary<string, string>();

    public required PlannedInstance Instance { get; init; }

    public required int MaxRuntimeSeconds { get; init; }

    /// <summary>Null: not cached.</summary>
    public Duration? Cache { get; init; }

    /// <summary>Null: nothing is tried again.</summary>
    public PlannedRetry? Retry { get; init; }

    /// <summary>Steps that must have ended first, beside those that it reads of.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>Of a training on spare capacity.</summary>
    public PlannedSpot? Spot { get; init; }
}

/// <param name="To">An S3 URI; null: below the run's own prefix.</param>
public sealed record PlannedOutput(string Name, string? To);

/// <param name="Errors">By SageMaker's names.</param>
public sealed record PlannedRetry(IReadOnlyList<RetryError> Errors, int Attempts, int IntervalSeconds, double Backoff);

public sealed record PlannedSpot(int MaxWaitSeconds, bool Checkpoints);

public sealed record PlannedInstance(string Type, int Count, int VolumeGiB);

/// <summary>An input with where it comes from.</summary>
public sealed record PlannedInput(string Name, InputSource Source, string? ContentType, InputMode Mode, DataDistribution Distribution);

public abstract record InputSource;

public sealed record DataInput(PlannedData Data) : InputSource;

public sealed record OutputInput(string Step, string Output) : InputSource;

/// <summary>The trained model, a model.tar.gz.</summary>
public sealed record ModelInput : InputSource;

/// <param name="Path">In the report.</param>
public sealed record PlannedGate(string Metric, string Path, double? Min, double? Max, double? MaxDrop, double? MaxRise, Span Place);

public sealed record PlannedInference
{
    public required PlannedRuntime Runtime { get; init; }

    public required Span Place { get; init; }

    /// <summary>Null: nothing says how the model answers; it is registered, and cannot be served.</summary>
    public BundlePlan? Bundle { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IReadOnlyList<string> ContentTypes { get; init; }

    public required IReadOnlyList<string> ResponseTypes { get; init; }

    public required IReadOnlyList<string> RealtimeInstanceTypes { get; init; }

    public required IReadOnlyList<string> TransformInstanceTypes { get; init; }
}

public sealed record PlannedStage
{
    public required string Name { get; init; }

    public required Approval Approval { get; init; }

    public required PlannedInstance Instance { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IReadOnlyList<PlannedTest> Tests { get; init; }

    public required Span Place { get; init; }
}

public sealed record PlannedTest(string? Payload, string? ContentType, int ExpectStatus, int? MaxLatencyMilliseconds, IReadOnlyList<string>? Command, Span Place);
