using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'build'")]
public sealed record BuildSection : Section
{
    [Key("pipeline", "The pipeline's name.", DefaultFrom = "model.name", Pattern = Patterns.ResourceName, PatternMeaning = Patterns.ResourceNameMeaning, Min = 1, Max = 256)]
    public Located<string>? Pipeline { get; init; }

    [Key("experiment", "The experiment that runs belong to.", DefaultFrom = "build.pipeline", Pattern = Patterns.ResourceName, PatternMeaning = Patterns.ResourceNameMeaning, Min = 1, Max = 120)]
    public Located<string>? Experiment { get; init; }

    [Key("parameters", "Values that may differ from run to run.", Max = 180)]
    [Names("a parameter")]
    public NamedMap<ParameterSection>? Parameters { get; init; }

    [Key("instance", "The instances of every step; a step overrides it key by key.", Default = "{ type: ml.m5.xlarge, count: 1, volume: 30gb }")]
    public InstanceSection? Instance { get; init; }

    [Key("max_runtime", "The longest a step may run.", Default = "1h", Min = 60, Max = 2_419_200)]
    public Located<Duration>? MaxRuntime { get; init; }

    [Key("cache", "How long the result of a step with unchanged code, inputs and settings is used again; none: never.", Default = "30d", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }

    [Key("retry", "What is tried again, and how often.")]
    public RetrySection? Retry { get; init; }

    [Key("max_parallel_steps", "How many steps may run at once.", DefaultText = "as many as are ready", Min = 1, Max = 50)]
    public Located<long>? MaxParallelSteps { get; init; }

    [Key("check_data", "Looks at the data before anything else: schema, completeness, drift.")]
    public CheckDataSection? CheckData { get; init; }

    [Key("preprocess", "The step that makes training data of raw data.")]
    public ProcessingSection? Preprocess { get; init; }

    [Key("train", "The step that makes the model.")]
    public TrainSection? Train { get; init; }

    [Key("evaluate", "The step that measures the model and writes the report that gates read.")]
    public EvaluateSection? Evaluate { get; init; }

    [Key("bias", "Bias before and after training, in Clarify's metrics and report format.")]
    public BiasSection? Bias { get; init; }

    [Key("explain", "Feature attributions (SHAP), in Clarify's report format.")]
    public ExplainSection? Explain { get; init; }

    [Key("postprocess", "A step after the evaluation, before the gates.")]
    public ProcessingSection? Postprocess { get; init; }

    [Key("steps", "Further steps, anywhere in the graph: inputs and 'after' order them.", Max = 60)]
    [Names("a step")]
    public NamedMap<FurtherStep>? Steps { get; init; }

    [Key("quality_gates", "What must hold of the report, or the run ends without registering.", Max = 50)]
    public NamedMap<GateSection>? QualityGates { get; init; }

    [Key("register", "How the model is registered.")]
    public RegisterSection? Register { get; init; }
}

[Section("the parameter")]
public sealed record ParameterSection : Section
{
    [Key("type", "What a value is.", Default = "string")]
    public Located<ParameterType>? Type { get; init; }

    [Key("default", "The value where a run gives none.", Required = true)]
    public Located<string>? Default { get; init; }

    [Key("allowed", "The values that a run may give; strings only.", Min = 1, Max = 50)]
    public IReadOnlyList<Located<string>>? Allowed { get; init; }
}

public enum ParameterType
{
    String,
    Integer,
    Float,
    Boolean,
}

[Section("'register'")]
public sealed record RegisterSection : Section
{
    [Key("group", "The model package group.", DefaultFrom = "model.name", Pattern = Patterns.ResourceName, PatternMeaning = Patterns.ResourceNameMeaning, Min = 1, Max = 63)]
    public Located<string>? Group { get; init; }

    [Key("metadata", "What is written beside the version.", Max = 50)]
    public NamedMap<Template>? Metadata { get; init; }

    [Key("share_with", "Accounts that may read the group's versions.", Min = 1, Max = 50, Pattern = Patterns.Account, PatternMeaning = Patterns.AccountMeaning, Example = "[\"444444444444\"]")]
    public IReadOnlyList<Located<string>>? ShareWith { get; init; }
}
