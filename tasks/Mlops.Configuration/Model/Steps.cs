using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>What every step with code has.</summary>
public abstract record StepSection : JobSection
{
    [Key("entry_point", "The program: a file of the repository. It travels alone, with the requirements.txt beside it, which is installed where it runs.", Example = "src/train.py")]
    public Located<RepositoryPath>? EntryPoint { get; init; }

    [Key("source_dir", "A folder that travels with the entry point, which lies within it.", Example = "src/common")]
    public Located<RepositoryPath>? SourceDir { get; init; }

    [Key("runtime", "Replaces the configuration's runtime for this step, whole.", DefaultFrom = "runtime")]
    public RuntimeSection? Runtime { get; init; }

    [Key("inputs", "What the step reads: data sets and outputs of other steps, by name.", Max = 19)]
    [Names("an input")]
    [ListForm]
    public NamedMap<InputSection>? Inputs { get; init; }

    [Key("environment", "Environment variables of the program.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }

    [Key("secrets", "Environment variables that hold the ARN of a secret, which the step's role may read.", Max = 20, Arn = "secretsmanager:secret:")]
    [Names("an environment variable")]
    public NamedMap<Given<Arn>>? Secrets { get; init; }
}

[Section("the input", ScalarKey = "from")]
public sealed record InputSection : Section
{
    [Key("from", "A data set, STEP.OUTPUT, or model.", Required = true, Example = "preprocess.train")]
    public Located<string>? From { get; init; }

    [Key("content_type", "The MIME type of a training channel.", Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning, Max = 256)]
    public Located<string>? ContentType { get; init; }

    [Key("mode", "How a training channel is read: copied first, as files while they are fetched, or through a pipe.", Default = "file")]
    public Located<InputMode>? Mode { get; init; }

    [Key("distribution", "Whether each of several instances gets all of it, or a part.", Default = "replicated")]
    public Located<DataDistribution>? Distribution { get; init; }
}

public enum InputMode
{
    File,
    FastFile,
    Pipe,
}

public enum DataDistribution
{
    Replicated,
    Sharded,
}

[Section("the output")]
public sealed record OutputSection : Section
{
    [Key("format", "How the output is written.", DefaultText = "the format of the first input")]
    public Located<DataFormat>? Format { get; init; }

    [Key("header", "Whether the first line of a CSV output names the columns.", DefaultText = "that of the first input")]
    public Located<bool>? Header { get; init; }

    [Key("to", "Where it goes.", DefaultText = "BUCKET/PREFIX/runs/RUN/STEP/OUTPUT/", Example = "s3://acme-ml/churn/test/")]
    public Located<S3Uri>? To { get; init; }
}

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
    [Key("report", "The metrics document that the program writes, in the output 'report'.", Default = "evaluation.json", Pattern = Patterns.JsonFile, PatternMeaning = Patterns.JsonFileMeaning)]
    public Located<string>? Report { get; init; }
}
