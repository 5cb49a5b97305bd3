using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'monitor'")]
public sealed record MonitorSection : Section
{
    [Key("stages", "The stages that are watched; each needs 'capture'.", DefaultText = "the last one", Min = 1, Max = 20)]
    public IReadOnlyList<Located<string>>? Stages { get; init; }

    [Key("schedule", "When a round runs; a monitor may have its own.", Default = "hourly")]
    public Located<Schedule>? Schedule { get; init; }

    [Key("instance", "The instances of a round.", Default = "{ type: ml.m5.large, count: 1, volume: 20gb }")]
    public InstanceSection? Instance { get; init; }

    [Key("data_quality", "Whether requests look like the data that the model was made with.")]
    public DataQualitySection? DataQuality { get; init; }

    [Key("model_quality", "Whether answers are right, once the truth is known.")]
    public ModelQualitySection? ModelQuality { get; init; }

    [Key("bias", "Whether the answers disadvantage a group; facets are those of 'build.bias'.")]
    public MonitorBiasSection? Bias { get; init; }

    [Key("explain", "Whether the features' attributions drift from those of 'build.explain'.")]
    public MonitorExplainSection? Explain { get; init; }

    [Key("dashboard", "Whether there is a dashboard.", Default = "false")]
    public Located<bool>? Dashboard { get; init; }
}

[SharedKeys]
public abstract record OneMonitorSection : Section
{
    [Key("schedule", "When this monitor runs.", DefaultFrom = "monitor.schedule")]
    public Located<Schedule>? Schedule { get; init; }
}

[Section("'data_quality'")]
public sealed record DataQualitySection : OneMonitorSection
{
    [Key("baseline", "The data set that requests are compared with; id, target and excluded columns do not count.", Required = true)]
    public Located<string>? Baseline { get; init; }

    [Key("method", "How distributions are compared.", Default = "robust")]
    public Located<DriftMethod>? Method { get; init; }

    [Key("drift_threshold", "How far they may differ, from 0 to 1.", Default = "0.1", Min = 0, Max = 1)]
    public Located<double>? DriftThreshold { get; init; }

    [Key("completeness", "The part of values, from 0 to 1, that must not be missing.", DefaultText = "that of the baseline", Min = 0, Max = 1)]
    public Located<double>? Completeness { get; init; }
}

/// <summary>Model Monitor's comparison methods: Simple (largest difference of the distribution functions) and Robust (the same, less what chance explains).</summary>
public enum DriftMethod
{
    Simple,
    Robust,
}

[Section("'model_quality'")]
public sealed record ModelQualitySection : OneMonitorSection
{
    [Key("ground_truth", "The data set with the truth, which arrives later.", Required = true)]
    public Located<string>? GroundTruth { get; init; }

    [Key("delay", "The time after which the truth is complete.", Default = "1d", Min = 0, Max = 31_536_000)]
    public Located<Duration>? Delay { get; init; }

    [Key("window", "The time before that which a round looks at.", Default = "1d", Min = 60, Max = 31_536_000)]
    public Located<Duration>? Window { get; init; }

    [Key("limits", "What must hold of the metrics.", Required = true, Max = 30)]
    public NamedMap<LimitSection>? Limits { get; init; }
}

[Section("'monitor.bias'")]
public sealed record MonitorBiasSection : OneMonitorSection
{
    [Key("limits", "What must hold for every facet.", Required = true, Max = 30)]
    public NamedMap<LimitSection>? Limits { get; init; }
}

[Section("'monitor.explain'")]
public sealed record MonitorExplainSection : OneMonitorSection
{
    [Key("limits", "What must hold of the ranking of features: ndcg, from 0 to 1.", Required = true, Max = 1)]
    public NamedMap<LimitSection>? Limits { get; init; }
}

[Section("'retrain'")]
public sealed record RetrainSection : Section
{
    [Key("schedule", "When the build runs again.", Example = "cron(0 3 ? * MON *)")]
    public Located<Schedule>? Schedule { get; init; }

    [Key("on_new_data", "The data sets whose change runs it again. On aws those that lie in S3; files of the repository are seen by the local platform alone.", Min = 1, Max = 20)]
    public IReadOnlyList<Located<string>>? OnNewData { get; init; }

    [Key("on_violation", "The monitors whose violation runs it again.", Min = 1, Max = 4)]
    public IReadOnlyList<Located<MonitorKind>>? OnViolation { get; init; }

    [Key("parameters", "Parameters of such a run.", Max = 180)]
    public NamedMap<Given<string>>? Parameters { get; init; }

    [Key("cooldown", "At most one run in this time, whatever the reasons.", Default = "1d", Min = 60, Max = 31_536_000)]
    public Located<Duration>? Cooldown { get; init; }
}

public enum MonitorKind
{
    DataQuality,
    ModelQuality,
    Bias,
    Explain,
}
