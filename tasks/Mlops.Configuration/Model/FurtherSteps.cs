using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>A step of 'build.steps'; its 'kind' says which.</summary>
[Section("the step")]
[Kind("processing", typeof(ProcessingSection))]
[Kind("training", typeof(TrainSection))]
[Kind("transform", typeof(TransformStep))]
[Kind("notebook", typeof(NotebookStep))]
[Kind("lambda", typeof(LambdaStep))]
[Kind("callback", typeof(CallbackStep))]
[Kind("emr", typeof(EmrStep))]
[Kind("condition", typeof(ConditionStep))]
[Kind("fail", typeof(FailStep))]
[SharedKeys]
public abstract record FurtherStep : Section
{
    [Key("after", "Steps that must have ended first, beside those whose outputs it reads.", Max = 20)]
    public IReadOnlyList<Located<string>>? After { get; init; }
}

[Section("the transform step")]
public sealed record TransformStep : JobSection
{
    [Key("inputs", "The model and the data.", Required = true, Max = 2)]
    [Names("an input")]
    [ListForm]
    public NamedMap<InputSection>? Inputs { get; init; }

    [Key("content_type", "The MIME type of the records.", DefaultText = "the first of inference.content_types", Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning, Max = 256)]
    public Located<string>? ContentType { get; init; }

    [Key("accept", "The MIME type of the answers.", DefaultText = "the first of inference.response_types", Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning, Max = 256)]
    public Located<string>? Accept { get; init; }

    [Key("split", "How a file becomes records.", Default = "none")]
    public Located<Split>? Split { get; init; }

    [Key("records", "How many records a request holds.", Default = "many")]
    public Located<Records>? Records { get; init; }

    [Key("filter", "What of a record is sent.", Example = "$[1:]")]
    public Located<JsonPath>? Filter { get; init; }

    [Key("join", "Whether an answer is written beside its record.", Default = "none")]
    public Located<Join>? Join { get; init; }

    [Key("output_filter", "What of an answer, or of a joined record, is written.", Example = "$[0,-1]")]
    public Located<JsonPath>? OutputFilter { get; init; }

    [Key("environment", "Environment variables of the model's container.", Max = 16)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }
}

public enum Split
{
    None,
    Line,
    Recordio,
    Tfrecord,
}

public enum Records
{
    Many,
    One,
}

public enum Join
{
    None,
    Input,
}

[Section("the notebook step")]
public sealed record NotebookStep : StepSection
{
    [Key("kernel", "The Jupyter kernel.", Default = "python3", Pattern = "[A-Za-z0-9._-]+", PatternMeaning = "a kernel's name such as python3", Max = 100)]
    public Located<string>? Kernel { get; init; }

    [Key("parameters", "Values of the notebook's cell with the tag 'parameters'.", Max = 100)]
    public NamedMap<Template>? Parameters { get; init; }

    [Key("outputs", "What the notebook writes, each in a folder of that name; the executed notebook is always kept, as 'notebook'.", Max = 9)]
    [Names("an output")]
    [ListForm]
    public NamedMap<OutputSection>? Outputs { get; init; }
}

[Section("the lambda step")]
public sealed record LambdaStep : FurtherStep
{
    [Key("function", "The function.", Required = true, Arn = "lambda:function:", Example = "arn:aws:lambda:eu-west-1:111111111111:function:count")]
    public Located<Arn>? Function { get; init; }

    [Key("payload", "What it is given.", Max = 100)]
    public NamedMap<Template>? Payload { get; init; }

    [Key("outputs", "What it gives back, with the type of each.", Max = 10)]
    [Names("an output")]
    public NamedMap<Given<ParameterType>>? Outputs { get; init; }

    [Key("cache", "How long the answer is used again; none: never.", Default = "none", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }
}

[Section("the callback step")]
public sealed record CallbackStep : FurtherStep
{
    [Key("queue", "The queue that takes the question.", Required = true, Pattern = "https://sqs\\.[a-z0-9-]+\\.[a-z0-9.-]+/[0-9]{12}/[A-Za-z0-9_-]+(\\.fifo)?",
        PatternMeaning = "the URL of an SQS queue, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME", Max = 1024, Example = "https://sqs.eu-west-1.amazonaws.com/111111111111/ask")]
    public Located<string>? Queue { get; init; }

    [Key("payload", "What it asks.", Max = 50)]
    public NamedMap<Template>? Payload { get; init; }

    [Key("outputs", "What comes back, with the type of each.", Max = 50)]
    [Names("an output")]
    public NamedMap<Given<ParameterType>>? Outputs { get; init; }

    [Key("cache", "How long the answer is used again; none: never.", Default = "none", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }
}

[Section("the emr step")]
public sealed record EmrStep : FurtherStep
{
    [Key("cluster", "The id of a running cluster.", Required = true, Pattern = "j-[A-Z0-9]{1,20}", PatternMeaning = "a cluster's id such as j-2AXXXXXXGAPLF", Example = "j-2AXXXXXXGAPLF")]
    public Located<string>? Cluster { get; init; }

    [Key("jar", "The program: a JAR file's S3 URI, or command-runner.jar.", Required = true, Min = 1, Max = 1024)]
    public Located<string>? Jar { get; init; }

    [Key("main_class", "The class that is started, where the JAR names none.", Max = 256)]
    public Located<string>? MainClass { get; init; }

    [Key("arguments", "Arguments of the program.", Max = 256)]
    public IReadOnlyList<Template>? Arguments { get; init; }

    [Key("properties", "Java properties of the program.", Max = 100)]
    public NamedMap<Template>? Properties { get; init; }

    [Key("cache", "How long the result is used again; none: never.", Default = "none", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }
}

[Section("the condition step")]
public sealed record ConditionStep : FurtherStep
{
    [Key("if", "What must hold, all of it.", Required = true, Min = 1, Max = 50)]
    public IReadOnlyList<ConditionSection>? If { get; init; }

    [Key("then", "Steps that run if it holds, and otherwise do not.", Max = 50)]
    public IReadOnlyList<Located<string>>? Then { get; init; }

    [Key("else", "Steps that run if it does not hold.", Max = 50)]
    public IReadOnlyList<Located<string>>? Else { get; init; }
}

[Section("the condition")]
public sealed record ConditionSection : Section
{
    [Key("value", "What is looked at.", Required = true, Example = "${count.rows}")]
    public Template? Value { get; init; }

    [Key("min", "The lowest number that holds.")]
    public Located<double>? Min { get; init; }

    [Key("max", "The highest number that holds.")]
    public Located<double>? Max { get; init; }

    [Key("equals", "The value that holds.")]
    public Located<string>? EqualTo { get; init; }

    [Key("in", "The values that hold.", Min = 1, Max = 50)]
    public IReadOnlyList<Located<string>>? In { get; init; }
}

[Section("the fail step")]
public sealed record FailStep : FurtherStep
{
    [Key("message", "Why the run ends.", Required = true)]
    public Template? Message { get; init; }
}
