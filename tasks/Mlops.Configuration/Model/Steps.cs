using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>What every step with code has.</summary>
[NotYet("retry", "secrets", "after")]
public abstract record StepSection : Section
{
    [Key("entry_point", "The program: a file of the repository. It travels alone, with the requirements.txt beside it.")]
    public Located<RepositoryPath>? EntryPoint { get; init; }

    [Key("source_dir", "A folder that travels with the entry point, which lies within it.")]
    public Located<RepositoryPath>? SourceDir { get; init; }

    [Key("runtime", "Replaces the configuration's runtime for this step, whole.")]
    public RuntimeSection? Runtime { get; init; }

    [Key("inputs", "What the step reads: data sets and outputs of other steps, by name.", Max = 19)]
    [Names("an input")]
    [ListForm]
    public NamedMap<InputSection>? Inputs { get; init; }

    [Key("environment", "Environment variables of the program.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }

    [Key("instance", "Overrides 'build.instance' key by key.")]
    public InstanceSection? Instance { get; init; }

    [Key("max_runtime", "The longest the step may run.", Default = "build.max_runtime", Min = 60, Max = 2_419_200)]
    public Located<Duration>? MaxRuntime { get; init; }

    [Key("cache", "Overrides 'build.cache'.", Default = "build.cache", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }
}

[Section("the input", ScalarKey = "from")]
[NotYet("mode", "distribution")]
public sealed record InputSection : Section
{
    [Key("from", "A data set, STEP.OUTPUT, or model.", Required = true)]
    public Located<string>? From { get; init; }

    [Key("content_type", "The MIME type of a training channel.", Pattern = "[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+=; -]+", PatternMeaning = "a MIME type such as text/csv", Max = 256)]
    public Located<string>? ContentType { get; init; }
}

[Section("the output")]
[NotYet("to", "format", "header")]
public sealed record OutputSection : Section;

[Section("the processing step")]
public record ProcessingSection : StepSection
{
    [Key("outputs", "What the step writes, each in a folder of that name.", Max = 10)]
    [Names("an output")]
    [ListForm]
    public NamedMap<OutputSection>? Outputs { get; init; }

    [Key("arguments", "Arguments of the program.", Max = 100)]
    public IReadOnlyList<Template>? Arguments { get; init; }
}

[Section("'evaluate'")]
public sealed record EvaluateSection : ProcessingSection
{
    [Key("report", "The metrics document that the program writes, in the output 'report'.", Default = "evaluation.json", Pattern = "[A-Za-z0-9][A-Za-z0-9._-]*\\.json", PatternMeaning = "a file name such as evaluation.json")]
    public Located<string>? Report { get; init; }
}

[Section("'train'")]
[NotYet("algorithm", "spot", "tune")]
public sealed record TrainSection : StepSection
{
    [Key("hyperparameters", "The program's settings; handed over as texts, as SageMaker does.", Max = 100)]
    public NamedMap<Template>? Hyperparameters { get; init; }

    [Key("metrics", "Metrics read from the log: name and regular expression with one group.", Max = 40)]
    public NamedMap<Template>? Metrics { get; init; }
}
