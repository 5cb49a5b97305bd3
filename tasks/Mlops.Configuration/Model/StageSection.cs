using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("the stage")]
public sealed record StageSection : Section
{
    [Key("stage", "The stage's name.", Required = true, Pattern = "[a-z0-9](-?[a-z0-9])*", PatternMeaning = "1 to 16 lower-case letters, digits and single '-'", Min = 1, Max = 16, Example = "staging")]
    public Located<string>? Stage { get; init; }

    [Key("approval", "Who lets a version into this stage.", Default = "automatic")]
    public Located<Approval>? Approval { get; init; }

    [Key("aws", "What differs from the configuration's 'aws', key by key.", DefaultFrom = "aws", KeyByKey = true)]
    public AwsSection? Aws { get; init; }

    [Key("environment", "Environment variables in this stage, beside those of 'inference'.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }

    [Key("realtime", "Serves the model over an endpoint that is always there.")]
    public RealtimeSection? Realtime { get; init; }

    [Key("serverless", "Serves the model over an endpoint that costs nothing while nobody asks.")]
    public ServerlessSection? Serverless { get; init; }

    [Key("async", "Serves the model over an endpoint that takes files and answers with files.")]
    public AsyncSection? Async { get; init; }

    [Key("batch", "Predicts files, on a schedule or when new ones come.")]
    public BatchSection? Batch { get; init; }

    [Key("stream", "Sends the records of a stream through this stage's endpoint.")]
    public StreamSection? Stream { get; init; }

    [Key("capture", "Keeps requests and answers, for the monitors.")]
    public CaptureSection? Capture { get; init; }

    [Key("alarms", "What must not happen while the stage serves; the first two roll a rollout back.")]
    public AlarmsSection? Alarms { get; init; }

    [Key("tests", "What must pass before the next stage.", Min = 1, Max = 50)]
    public IReadOnlyList<StageTestSection>? Tests { get; init; }

    [Key("keep", "How long the endpoint lives on after the last stage is served.", DefaultText = "for good", Min = 60, Max = 31_536_000)]
    public Located<Duration>? Keep { get; init; }
}

public enum Approval
{
    Automatic,
    Manual,
}

[Section("the test")]
public sealed record StageTestSection : Section
{
    [Key("payload", "A file that is sent to the endpoint.")]
    public Located<RepositoryPath>? Payload { get; init; }

    [Key("content_type", "The payload's MIME type.", DefaultText = "the first of inference.content_types", Pattern = Patterns.Mime, PatternMeaning = Patterns.MimeMeaning)]
    public Located<string>? ContentType { get; init; }

    [Key("expect_status", "The HTTP status that must come back.", Default = "200", Min = 100, Max = 599)]
    public Located<long>? ExpectStatus { get; init; }

    [Key("max_latency", "The longest an answer may take.", Min = 1, Max = 60_000)]
    public Located<Latency>? MaxLatency { get; init; }

    [Key("entry_point", "A program; it finds ENDPOINT_NAME, STAGE and MODEL_VERSION in its environment and fails with an exit code.")]
    public Located<RepositoryPath>? EntryPoint { get; init; }
}

[Section("'capture'")]
public sealed record CaptureSection : Section
{
    [Key("percent", "How many of a hundred requests are kept.", Default = "100", Min = 0, Max = 100)]
    public Located<long>? Percent { get; init; }

    [Key("input", "Whether requests are kept.", Default = "true")]
    public Located<bool>? Input { get; init; }

    [Key("output", "Whether answers are kept.", Default = "true")]
    public Located<bool>? Output { get; init; }

    [Key("to", "Where they go.", DefaultText = "BUCKET/PREFIX/capture/MODEL-STAGE/", Example = "s3://acme-ml/capture/")]
    public Located<S3Uri>? To { get; init; }
}

[Section("'alarms'")]
public sealed record AlarmsSection : Section
{
    [Key("p99_latency", "The time that 99 of a hundred answers must not exceed.", Min = 1, Max = 60_000)]
    public Located<Latency>? P99Latency { get; init; }

    [Key("error_rate", "The part of requests, from 0 to 1, that may end in an error of the model.", Min = 0, Max = 1)]
    public Located<double>? ErrorRate { get; init; }

    [Key("min_invocations", "The fewest requests in a period.", Min = 1, Max = 1_000_000_000)]
    public Located<long>? MinInvocations { get; init; }

    [Key("period", "The time that is looked at.", Default = "1m", Min = 60, Max = 86_400)]
    public Located<Duration>? Period { get; init; }

    [Key("periods", "How many such times in a row make an alarm.", Default = "3", Min = 1, Max = 100)]
    public Located<long>? Periods { get; init; }
}
