using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'build'")]
[NotYet("experiment", "retry", "max_parallel_steps", "check_data", "bias", "explain", "postprocess", "steps")]
public sealed record BuildSection : Section
{
    [Key("pipeline", "The pipeline's name.", Default = "model.name", Pattern = "[A-Za-z0-9](-*[A-Za-z0-9])*", PatternMeaning = "letters, digits and '-'", Max = 256)]
    public Located<string>? Pipeline { get; init; }

    [Key("parameters", "Values that may differ from run to run.", Max = 180)]
    [Names("a parameter")]
    public NamedMap<ParameterSection>? Parameters { get; init; }

    [Key("instance", "The instances of every step; a step overrides it key by key.", Default = "{ type: ml.m5.xlarge, count: 1, volume: 30gb }")]
    public InstanceSection? Instance { get; init; }

    [Key("max_runtime", "The longest a step may run.", Default = "1h", Min = 60, Max = 2_419_200)]
    public Located<Duration>? MaxRuntime { get; init; }

    [Key("cache", "How long the result of a step with unchanged code, inputs and settings is used again; none: never.", Default = "30d", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }

    [Key("preprocess", "The step that makes training data of raw data.")]
    public ProcessingSection? Preprocess { get; init; }

    [Key("train", "The step that makes the model.")]
    public TrainSection? Train { get; init; }

    [Key("evaluate", "The step that measures the model and writes the report that gates read.")]
    public EvaluateSection? Evaluate { get; init; }

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

[Section("'instance'")]
public sealed record InstanceSection : Section
{
    [Key("type", "The instance type.", Pattern = "ml\\.[a-z0-9-]+\\.[a-z0-9]+", PatternMeaning = "an instance type such as ml.m5.xlarge")]
    public Located<string>? Type { get; init; }

    [Key("count", "How many instances.", Default = "1", Min = 1, Max = 100)]
    public Located<long>? Count { get; init; }

    [Key("volume", "The size of each instance's disk.", Default = "30gb", Min = 1, Max = 16384, Pattern = "[0-9]+gb", PatternMeaning = "a size in whole gb, such as 30gb")]
    public Located<ByteSize>? Volume { get; init; }
}

[Section("the gate")]
public sealed record GateSection : Section
{
    [Key("min", "The lowest value that passes, on the metric's own scale.")]
    public Located<double>? Min { get; init; }

    [Key("max", "The highest value that passes, on the metric's own scale.")]
    public Located<double>? Max { get; init; }

    [Key("max_drop", "How far the value may lie below the approved version's; the first version passes.", Min = 0)]
    public Located<double>? MaxDrop { get; init; }

    [Key("max_rise", "How far the value may lie above the approved version's; the first version passes.", Min = 0)]
    public Located<double>? MaxRise { get; init; }
}

[Section("'register'")]
[NotYet("share_with")]
public sealed record RegisterSection : Section
{
    [Key("group", "The model package group.", Default = "model.name", Pattern = "[A-Za-z0-9](-*[A-Za-z0-9])*", PatternMeaning = "letters, digits and '-'", Max = 63)]
    public Located<string>? Group { get; init; }

    [Key("metadata", "What is written beside the version.", Max = 50)]
    public NamedMap<Template>? Metadata { get; init; }
}
