using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'inference'")]
public sealed record InferenceSection : Section
{
    [Key("entry_point", "The program that answers: handlers such as predict_fn, or a server of /ping and /invocations.", Example = "src/inference.py")]
    public Located<RepositoryPath>? EntryPoint { get; init; }

    [Key("source_dir", "A folder that travels with the entry point, which lies within it.")]
    public Located<RepositoryPath>? SourceDir { get; init; }

    [Key("runtime", "What it runs in.", DefaultText = "that of build.train")]
    public RuntimeSection? Runtime { get; init; }

    [Key("environment", "Environment variables of the server.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }

    [Key("content_types", "What it takes; the first is the default.", Default = "[text/csv]", Min = 1, Max = 20, Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning)]
    public IReadOnlyList<Located<string>>? ContentTypes { get; init; }

    [Key("response_types", "What it answers; the first is the default.", Default = "[text/csv]", Min = 1, Max = 20, Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning)]
    public IReadOnlyList<Located<string>>? ResponseTypes { get; init; }

    [Key("output", "Where an answer holds label and probability: what monitors read.")]
    public OutputFieldsSection? Output { get; init; }

    [Key("sample_payload", "A file with a request that works.", Example = "tests/payload.csv")]
    public Located<RepositoryPath>? SamplePayload { get; init; }

    [Key("instances", "The instance types that are fit for it.", DefaultText = "those that the stages use")]
    public SupportedInstancesSection? Instances { get; init; }

    [Key("preprocess", "A container before the model: a serial inference pipeline.")]
    public ContainerSection? Preprocess { get; init; }

    [Key("postprocess", "A container behind the model: a serial inference pipeline.")]
    public ContainerSection? Postprocess { get; init; }
}

[Section("'output'")]
public sealed record OutputFieldsSection : Section
{
    [Key("label", "The predicted label: a name in a JSON answer, a number of a column (from 0) in a CSV one.", Max = 256)]
    public Located<string>? Label { get; init; }

    [Key("probability", "The probability: a name, or a number of a column.", Max = 256)]
    public Located<string>? Probability { get; init; }

    [Key("threshold", "The probability from which the answer is positive.", Default = "0.5", Min = 0, Max = 1)]
    public Located<double>? Threshold { get; init; }
}

[Section("'instances'")]
public sealed record SupportedInstancesSection : Section
{
    [Key("realtime", "For endpoints.", Min = 1, Max = 50, Example = "[ml.m5.large]")]
    public IReadOnlyList<Located<InstanceType>>? Realtime { get; init; }

    [Key("transform", "For batch transform.", Min = 1, Max = 50, Example = "[ml.m5.xlarge]")]
    public IReadOnlyList<Located<InstanceType>>? Transform { get; init; }
}

[Section("the container")]
public sealed record ContainerSection : Section
{
    [Key("entry_point", "The program that answers.", Required = true)]
    public Located<RepositoryPath>? EntryPoint { get; init; }

    [Key("source_dir", "A folder that travels with the entry point, which lies within it.")]
    public Located<RepositoryPath>? SourceDir { get; init; }

    [Key("artifact", "An output of a step, of format files, that holds a model.tar.gz.", Example = "preprocess.scaler")]
    public Located<string>? Artifact { get; init; }

    [Key("runtime", "What it runs in.", DefaultText = "that of 'inference'")]
    public RuntimeSection? Runtime { get; init; }

    [Key("environment", "Environment variables of the container.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }
}
