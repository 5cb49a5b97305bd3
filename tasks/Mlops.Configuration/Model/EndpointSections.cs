using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'realtime'")]
public sealed record RealtimeSection : Section
{
    [Key("instance", "The instances that serve.", Default = "{ type: ml.m5.large, count: 1 }")]
    public InstanceSection? Instance { get; init; }

    [Key("autoscaling", "More and fewer instances, by the number of requests.")]
    public AutoscalingSection? Autoscaling { get; init; }

    [Key("rollout", "How a new version takes over.")]
    public RolloutSection? Rollout { get; init; }

    [Key("variants", "Versions that share the requests by weight (A/B).", Min = 2, Max = 10)]
    public IReadOnlyList<VariantSection>? Variants { get; init; }

    [Key("shadow", "A version that gets copies of requests, and whose answers nobody sees.")]
    public ShadowSection? Shadow { get; init; }
}

[Section("'autoscaling'")]
public sealed record AutoscalingSection : Section
{
    [Key("min", "The fewest instances.", Required = true, Min = 0, Max = 1000)]
    public Located<long>? Min { get; init; }

    [Key("max", "The most instances.", Required = true, Min = 1, Max = 1000)]
    public Located<long>? Max { get; init; }

    [Key("invocations_per_instance", "The requests a minute that one instance should get (realtime).", Min = 1, Max = 1_000_000)]
    public Located<double>? InvocationsPerInstance { get; init; }

    [Key("backlog_per_instance", "The waiting requests that one instance should have (async).", Min = 1, Max = 1_000_000)]
    public Located<double>? BacklogPerInstance { get; init; }

    [Key("scale_in_cooldown", "The time before an instance is taken away again.", Default = "5m", Min = 0, Max = 86_400)]
    public Located<Duration>? ScaleInCooldown { get; init; }

    [Key("scale_out_cooldown", "The time before another instance is added.", Default = "5m", Min = 0, Max = 86_400)]
    public Located<Duration>? ScaleOutCooldown { get; init; }
}

[Section("'rollout'")]
public sealed record RolloutSection : Section
{
    [Key("strategy", "All at once; first a part, then the rest; in equal parts; or instances in batches.", Default = "all_at_once")]
    public Located<RolloutStrategy>? Strategy { get; init; }

    [Key("percent", "The part of the capacity in a step: canary up to 50, linear 10 to 50, rolling 5 to 50.", Min = 1, Max = 50)]
    public Located<long>? Percent { get; init; }

    [Key("bake", "The time between two steps in which an alarm rolls back.", Default = "10m", Min = 0, Max = 3600)]
    public Located<Duration>? Bake { get; init; }
}

public enum RolloutStrategy
{
    AllAtOnce,
    Canary,
    Linear,
    Rolling,
}

[Section("the variant")]
public sealed record VariantSection : Section
{
    [Key("version", "Which version: approved, latest or a number. One of them is what a deploy brings: `approved` where people approve, else `latest`.", Required = true)]
    public Located<VersionChoice>? Version { get; init; }

    [Key("weight", "Its share of the requests, beside the others' weights.", Default = "1", Min = 0, Max = 1000)]
    public Located<double>? Weight { get; init; }
}

[Section("'shadow'")]
public sealed record ShadowSection : Section
{
    [Key("version", "Which version: approved, latest or a number.", Default = "latest")]
    public Located<VersionChoice>? Version { get; init; }

    [Key("percent", "How many of a hundred requests it gets a copy of.", Default = "100", Min = 1, Max = 100)]
    public Located<long>? Percent { get; init; }
}

[Section("'serverless'")]
public sealed record ServerlessSection : Section
{
    [Key("memory", "Its memory, in steps of 1gb.", Default = "2gb", Min = 1, Max = 6, Pattern = Patterns.WholeGigabytes, PatternMeaning = "a size in whole gb, 1gb to 6gb")]
    public Located<ByteSize>? Memory { get; init; }

    /// <summary>Requests at once, where nothing is said.</summary>
    public const int DefaultConcurrency = 20;

    [Key("max_concurrency", "How many requests at once.", Default = "20", Min = 1, Max = 200)]
    public Located<long>? MaxConcurrency { get; init; }

    [Key("provisioned_concurrency", "For how many requests it is kept warm.", Min = 1, Max = 200)]
    public Located<long>? ProvisionedConcurrency { get; init; }
}

[Section("'async'")]
public sealed record AsyncSection : Section
{
    [Key("instance", "The instances that serve.", Default = "{ type: ml.m5.large, count: 1 }")]
    public InstanceSection? Instance { get; init; }

    [Key("output", "Where answers go.", DefaultText = "BUCKET/PREFIX/async/MODEL-STAGE/", Example = "s3://acme-ml/async/")]
    public Located<S3Uri>? Output { get; init; }

    [Key("failures", "Where what failed is described.", DefaultText = "'failures/' below 'output'")]
    public Located<S3Uri>? Failures { get; init; }

    [Key("max_concurrency", "How many requests an instance answers at once.", DefaultText = "chosen by SageMaker", Min = 1, Max = 1000)]
    public Located<long>? MaxConcurrency { get; init; }

    [Key("autoscaling", "More and fewer instances, also none, by the number of waiting requests.")]
    public AutoscalingSection? Autoscaling { get; init; }
}

[Section("'batch'")]
public sealed record BatchSection : Section
{
    [Key("input", "Where the records lie.", Required = true, Example = "s3://acme-ml/batch/in/")]
    public Located<S3Uri>? Input { get; init; }

    [Key("output", "Where the predictions go.", Required = true, Example = "s3://acme-ml/batch/out/")]
    public Located<S3Uri>? Output { get; init; }

    [Key("schedule", "When it runs.", Example = "daily")]
    public Located<Schedule>? Schedule { get; init; }

    [Key("on_new_data", "Whether it runs when a file comes.", Default = "false")]
    public Located<bool>? OnNewData { get; init; }

    [Key("instance", "The instances that predict.", Default = "{ type: ml.m5.xlarge, count: 1 }")]
    public InstanceSection? Instance { get; init; }

    [Key("read", "How records are read and sent.")]
    public BatchReadSection? Read { get; init; }

    [Key("write", "How predictions are written.")]
    public BatchWriteSection? Write { get; init; }
}

[Section("'read'")]
public sealed record BatchReadSection : Section
{
    [Key("split", "How a file becomes records.", Default = "line")]
    public Located<Split>? Split { get; init; }

    [Key("records", "How many records a request holds.", Default = "many")]
    public Located<Records>? Records { get; init; }

    [Key("filter", "What of a record is sent.", Example = "$[1:]")]
    public Located<JsonPath>? Filter { get; init; }
}

[Section("'write'")]
public sealed record BatchWriteSection : Section
{
    [Key("join", "Whether an answer is written beside its record.", Default = "none")]
    public Located<Join>? Join { get; init; }

    [Key("filter", "What of an answer, or of a joined record, is written.", Example = "$[0,-1]")]
    public Located<JsonPath>? Filter { get; init; }
}

[Section("'stream'")]
public sealed record StreamSection : Section
{
    [Key("source", "The Kinesis stream that is read.", Required = true, Arn = "kinesis:stream/")]
    public Located<Arn>? Source { get; init; }

    [Key("destination", "The Kinesis stream that takes the predictions.", Required = true, Arn = "kinesis:stream/")]
    public Located<Arn>? Destination { get; init; }

    [Key("on_failure", "The queue or topic that is told of records that could not be predicted.", Arn = "sqs:|sns:")]
    public Located<Arn>? OnFailure { get; init; }

    [Key("read", "How the stream is read.")]
    public StreamReadSection? Read { get; init; }
}

[Section("'read'")]
public sealed record StreamReadSection : Section
{
    [Key("from", "Where the first reading begins.", Default = "latest")]
    public Located<StreamStart>? From { get; init; }

    [Key("batch_size", "How many records at once.", Default = "100", Min = 1, Max = 10_000)]
    public Located<long>? BatchSize { get; init; }

    [Key("batch_window", "How long it waits for that many.", Default = "0s", Min = 0, Max = 300)]
    public Located<Duration>? BatchWindow { get; init; }
}

public enum StreamStart
{
    Latest,
    Oldest,
}
