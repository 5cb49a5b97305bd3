using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>What every step has that is a job on instances; a key that is left out is that of 'build'.</summary>
[SharedKeys]
public abstract record JobSection : FurtherStep
{
    [Key("instance", "Overrides 'build.instance' key by key.", DefaultFrom = "build.instance", KeyByKey = true)]
    public InstanceSection? Instance { get; init; }

    [Key("max_runtime", "The longest the step may run.", DefaultFrom = "build.max_runtime", Min = 60, Max = 2_419_200)]
    public Located<Duration>? MaxRuntime { get; init; }

    [Key("cache", "Overrides 'build.cache'.", DefaultFrom = "build.cache", Min = 60, Max = 31_536_000)]
    public Located<CacheLifetime>? Cache { get; init; }

    [Key("retry", "Overrides 'build.retry'.", DefaultFrom = "build.retry")]
    public RetrySection? Retry { get; init; }
}

/// <summary>RetryPolicies of a step; the errors' names are SageMaker's ("Retry Policy for Pipeline Steps").</summary>
[Section("'retry'")]
public sealed record RetrySection : Section
{
    [Key("errors", "What is tried again.", Default = "[throttling, service_fault]", Min = 1, Max = 5)]
    public IReadOnlyList<Located<RetryError>>? Errors { get; init; }

    [Key("attempts", "How often at most.", Default = "3", Min = 1, Max = 20)]
    public Located<long>? Attempts { get; init; }

    [Key("interval", "The time before the first attempt.", Default = "1s", Min = 1, Max = 3600)]
    public Located<Duration>? Interval { get; init; }

    [Key("backoff", "How much longer each next time is.", Default = "2.0", Min = 1, Max = 10)]
    public Located<double>? Backoff { get; init; }
}

public enum RetryError
{
    Throttling,
    ServiceFault,
    InternalError,
    Capacity,
    ResourceLimit,
}
