using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>A whole config.yaml, as written: what is left out is null, defaults are the planner's.</summary>
[Section("the configuration")]
public sealed record ModelConfig : Section
{
    [Key("version", "The version of this language.", Default = "1", Min = 1, Max = 1)]
    public Located<long>? Version { get; init; }

    [Key("time_zone", "The time zone of every schedule, by its IANA name.", Default = "UTC", Example = "Europe/Amsterdam")]
    public Located<TimeZoneName>? TimeZone { get; init; }

    [Key("model", "What is built: its name and its kind of problem.", Required = true)]
    public ModelSection? Model { get; init; }

    [Key("runtime", "What the steps' code runs in; a step or 'inference' may have one of its own.")]
    public RuntimeSection? Runtime { get; init; }

    [Key("data", "The data sets, by name; versioned by content.", Max = 100)]
    [Names("a data set")]
    public NamedMap<DataSet>? Data { get; init; }

    [Key("build", "The pipeline that trains, evaluates, gates and registers the model. Left out only where 'model.artifact' brings one.")]
    public BuildSection? Build { get; init; }

    [Key("inference", "How the model answers, alike in every stage.")]
    public InferenceSection? Inference { get; init; }

    [Key("deploy", "The stages, in this order.", Min = 1, Max = 20)]
    public IReadOnlyList<StageSection>? Deploy { get; init; }

    [Key("monitor", "What is watched of the stages that serve.")]
    public MonitorSection? Monitor { get; init; }

    [Key("retrain", "Continuous training: what runs the build again.")]
    public RetrainSection? Retrain { get; init; }

    [Key("notify", "Who is told of what happens.")]
    public NotifySection? Notify { get; init; }

    [Key("access", "Who may do what: one least-privilege role a persona.")]
    public AccessSection? Access { get; init; }

    [Key("labeling", "New labels, which become a new version of a data set.")]
    public LabelingSection? Labeling { get; init; }

    [Key("ci", "Continuous integration and delivery of this repository.")]
    public CiSection? Ci { get; init; }

    [Key("aws", "Settings of the platform aws; read only there. A stage overrides them key by key.")]
    public AwsSection? Aws { get; init; }

    [Key("local", "Settings of the local platform; read only there.")]
    public LocalSection? Local { get; init; }

    private IReadOnlyList<ConfiguredStep>? steps;

    /// <summary>The build's steps, by name.</summary>
    public IReadOnlyList<ConfiguredStep> Steps => steps ??= ConfiguredStep.Of(this);

    /// <summary>What serves: a runtime of its own, or that of the training.</summary>
    public RuntimeSection? ServingRuntime => Inference?.Runtime ?? Build?.Train?.Runtime ?? Runtime;

    /// <summary>Whether there is a model to register: one that is trained, or one that is brought.</summary>
    public bool HasModel => Build?.Train is not null || Model?.Artifact is not null;
}
