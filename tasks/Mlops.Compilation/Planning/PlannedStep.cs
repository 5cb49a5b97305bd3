using System.Text.RegularExpressions;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

public enum StepKind
{
    Processing,
    Training,
}

/// <summary>A step, of whatever kind.</summary>
public abstract record PlannedNode
{
    public required string Name { get; init; }

    /// <summary>Where it stands in config.yaml.</summary>
    public required Span Place { get; init; }

    /// <summary>Steps that must have ended first, beside those that it reads of.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    public virtual IEnumerable<PlannedNode> WithNested() => [this];
}

/// <summary>Code, or a built-in algorithm, on instances.</summary>
public sealed record PlannedStep : PlannedNode
{
    public required StepKind Kind { get; init; }

    public required PlannedRuntime Runtime { get; init; }

    public PlannedImage Image => Runtime.Image(ImageUse.Training, Instance.Type);

    /// <summary>Null: a built-in algorithm, which brings its own program.</summary>
    public BundlePlan? Bundle { get; init; }

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

    /// <summary>Of a training on spare capacity.</summary>
    public PlannedSpot? Spot { get; init; }

    /// <summary>Null: one training, with fixed hyperparameters.</summary>
    public PlannedTuning? Tuning { get; init; }
}

/// <param name="MaxJobs">Null: all combinations (grid).</param>
public sealed record PlannedTuning(string Metric, TuningGoal Goal, TuningStrategy Strategy, int? MaxJobs, int MaxParallelJobs, bool EarlyStopping, IReadOnlyList<PlannedRange> Ranges);

/// <param name="Values">Null: numbers from <paramref name="Min"/> to <paramref name="Max"/>.</param>
public sealed record PlannedRange(string Name, RangeType Type, double Min, double Max, RangeScale Scale, IReadOnlyList<string>? Values);

/// <param name="To">An S3 URI; null: below the run's own prefix.</param>
public sealed record PlannedOutput(string Name, string? To);

/// <param name="Errors">By SageMaker's names.</param>
public sealed record PlannedRetry(IReadOnlyList<RetryError> Errors, int Attempts, int IntervalSeconds, double Backoff);

public sealed record PlannedSpot(int MaxWaitSeconds, bool Checkpoints);

public sealed partial record PlannedInstance(string Type, int Count, int VolumeGiB)
{
    /// <summary>Its disk is its own and encrypted by the machine: SageMaker refuses a VolumeKmsKeyId (CreateTrainingJob, ResourceConfig).</summary>
    public bool HasLocalStorage => LocalStorage().IsMatch(Type);

    // EC2's names: a 'd' behind the generation, and the families that have disks without one.
    [GeneratedRegex(@"^ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g[56]e?|gr6|p3dn|p4de?|p5e?n?|trn[12]n?|i\d\w*)\.")]
    private static partial Regex LocalStorage();
}

/// <summary>An input with where it comes from.</summary>
public sealed record PlannedInput(string Name, InputSource Source, string? ContentType, InputMode Mode, DataDistribution Distribution);

public abstract record InputSource;

public sealed record DataInput(PlannedData Data) : InputSource;

public sealed record OutputInput(string Step, string Output) : InputSource;

/// <summary>The model that is registered, a model.tar.gz.</summary>
public sealed record ModelInput : InputSource;

/// <summary>The model of a further training step.</summary>
public sealed record TrainedInput(string Step) : InputSource;

/// <summary>The files of a bundle, beside the step's own code.</summary>
public sealed record BundleInput(BundlePlan Bundle) : InputSource;

/// <summary>What a transform wrote.</summary>
public sealed record PredictionsInput(string Step) : InputSource;
