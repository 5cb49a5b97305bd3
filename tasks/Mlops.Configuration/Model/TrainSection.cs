using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("the training step")]
public sealed record TrainSection : StepSection
{
    [Key("algorithm", "A built-in algorithm of SageMaker, in place of an entry point.", Example = "xgboost")]
    public Located<Algorithm>? Algorithm { get; init; }

    [Key("hyperparameters", "The program's settings; handed over as texts, as SageMaker does.", Max = 100)]
    public NamedMap<Template>? Hyperparameters { get; init; }

    [Key("metrics", "Metrics read from the log: name and regular expression with one group.", Max = 40)]
    public NamedMap<Template>? Metrics { get; init; }

    [Key("spot", "Trains on spare capacity, which may be taken away and given again.")]
    public SpotSection? Spot { get; init; }

    [Key("tune", "Makes it a tuning job; the best model goes on.")]
    public TuneSection? Tune { get; init; }
}

[Section("'spot'")]
public sealed record SpotSection : Section
{
    [Key("max_wait", "The longest that waiting and training may take together; at least 'max_runtime'.", Required = true, Min = 60, Max = 2_419_200)]
    public Located<Duration>? MaxWait { get; init; }

    [Key("checkpoints", "Keeps /opt/ml/checkpoints, so that a training that was interrupted goes on.", Default = "false")]
    public Located<bool>? Checkpoints { get; init; }
}

[Section("'tune'")]
public sealed record TuneSection : Section
{
    [Key("objective", "What is made best.", Required = true)]
    public ObjectiveSection? Objective { get; init; }

    [Key("strategy", "How the next values are chosen.", Default = "bayesian")]
    public Located<TuningStrategy>? Strategy { get; init; }

    [Key("ranges", "The hyperparameters that are tuned, and where.", Required = true, Min = 1, Max = 30)]
    public NamedMap<RangeSection>? Ranges { get; init; }

    /// <summary>Trainings, where nothing is said.</summary>
    public const int DefaultJobs = 10;

    [Key("max_jobs", "How many trainings at most. Not with strategy grid, which tries all.", Default = "10", Min = 1, Max = 750)]
    public Located<long>? MaxJobs { get; init; }

    [Key("max_parallel_jobs", "How many at once.", Default = "1", Min = 1, Max = 100)]
    public Located<long>? MaxParallelJobs { get; init; }

    [Key("early_stopping", "Ends trainings that are unlikely to become the best. Not with hyperband, which does so by itself.", Default = "false")]
    public Located<bool>? EarlyStopping { get; init; }
}

[Section("'objective'")]
public sealed record ObjectiveSection : Section
{
    [Key("metric", "One of the step's 'metrics', or one that a built-in algorithm writes.", Required = true, Min = 1, Max = 255, Example = "validation:auc")]
    public Located<string>? Metric { get; init; }

    [Key("goal", "Which way is better. Where it is not given, a loss or an error is made small, by its name (rmse, logloss, eval_loss), and anything else large.")]
    public Located<TuningGoal>? Goal { get; init; }
}

[Section("the range")]
public sealed record RangeSection : Section
{
    [Key("type", "Numbers with or without a fraction.", Default = "continuous")]
    public Located<RangeType>? Type { get; init; }

    [Key("min", "The lowest value.")]
    public Located<double>? Min { get; init; }

    [Key("max", "The highest value.")]
    public Located<double>? Max { get; init; }

    [Key("scale", "How the range is searched.", Default = "auto")]
    public Located<RangeScale>? Scale { get; init; }

    [Key("values", "The values to choose from, in place of a range of numbers.", Min = 1, Max = 30)]
    public IReadOnlyList<Located<string>>? Values { get; init; }
}

public enum TuningStrategy
{
    Bayesian,
    Random,
    Hyperband,
    Grid,
}

public enum TuningGoal
{
    Maximize,
    Minimize,
}

public enum RangeType
{
    Continuous,
    Integer,
}

public enum RangeScale
{
    Auto,
    Linear,
    Logarithmic,
    ReverseLogarithmic,
}
