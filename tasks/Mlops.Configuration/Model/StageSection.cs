using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("the stage")]
[NotYet("keep", "aws", "serverless", "async", "batch", "stream", "variants", "shadow", "capture", "alarms")]
public sealed record StageSection : Section
{
    [Key("stage", "The stage's name.", Required = true, Pattern = "[a-z0-9](-?[a-z0-9])*", PatternMeaning = "1 to 16 lower-case letters, digits and single '-'", Min = 1, Max = 16)]
    public Located<string>? Stage { get; init; }

    [Key("approval", "Who lets a version into this stage.", Default = "automatic")]
    public Located<Approval>? Approval { get; init; }

    [Key("realtime", "Serves the model over an endpoint that is always there.")]
    public RealtimeSection? Realtime { get; init; }

    [Key("tests", "What must pass before the next stage.", Min = 1, Max = 50)]
    public IReadOnlyList<StageTestSection>? Tests { get; init; }

    [Key("environment", "Environment variables in this stage, beside those of 'inference'.", Max = 100)]
    [Names("an environment variable")]
    public NamedMap<Template>? Environment { get; init; }
}

public enum Approval
{
    Automatic,
    Manual,
}

[Section("'realtime'")]
[NotYet("autoscaling", "rollout", "variants", "shadow")]
public sealed record RealtimeSection : Section
{
    [Key("instance", "The instances that serve.", Default = "{ type: ml.m5.large, count: 1 }")]
    public InstanceSection? Instance { get; init; }
}

[Section("the test")]
public sealed record StageTestSection : Section
{
    [Key("payload", "A file that is sent to the endpoint.")]
    public Located<RepositoryPath>? Payload { get; init; }

    [Key("content_type", "The payload's MIME type.", Default = "the first of inference.content_types")]
    public Located<string>? ContentType { get; init; }

    [Key("expect_status", "The HTTP status that must come back.", Default = "200", Min = 100, Max = 599)]
    public Located<long>? ExpectStatus { get; init; }

    [Key("max_latency", "The longest an answer may take.", Min = 1, Max = 60_000)]
    public Located<Latency>? MaxLatency { get; init; }

    [Key("entry_point", "A program; it finds ENDPOINT_NAME, STAGE and MODEL_VERSION in its environment and fails with an exit code.")]
    public Located<RepositoryPath>? EntryPoint { get; init; }
}
