using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

public sealed record PlannedStage
{
    public required string Name { get; init; }

    public required Approval Approval { get; init; }

    public required PlannedAws Aws { get; init; }

    /// <summary>Null: the stage serves batches alone.</summary>
    public PlannedEndpoint? Endpoint { get; init; }

    public PlannedBatch? Batch { get; init; }

    public PlannedStream? Stream { get; init; }

    public PlannedCapture? Capture { get; init; }

    public PlannedAlarms? Alarms { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IReadOnlyList<PlannedTest> Tests { get; init; }

    public required Span Place { get; init; }

    /// <summary>What the endpoint runs on; null: there is none, or it is serverless.</summary>
    public PlannedInstance? Instance => Endpoint switch { RealtimeEndpoint realtime => realtime.Instance, AsyncEndpoint queued => queued.Instance, _ => null };

    /// <summary>The instance types that the model's containers run on here.</summary>
    public IEnumerable<string> InstanceTypes =>
        new[] { Instance?.Type, Batch?.Instance.Type }.OfType<string>();
}

/// <summary>How a stage answers requests.</summary>
public abstract record PlannedEndpoint
{
    public EndpointKind Kind => this switch
    {
        ServerlessEndpoint => EndpointKind.Serverless,
        AsyncEndpoint => EndpointKind.Async,
        _ => EndpointKind.Realtime,
    };
}

/// <param name="Variants">Versions that share the requests; empty: one version gets all.</param>
public sealed record RealtimeEndpoint(
    PlannedInstance Instance, PlannedAutoscaling? Autoscaling, PlannedRollout? Rollout, IReadOnlyList<PlannedVariant> Variants, PlannedShadow? Shadow) : PlannedEndpoint
{
    /// <summary>The index of the variant that serves what a deploy brings: the one that is called as the stage takes versions in, else the first without a number.</summary>
    public required int Deployed { get; init; }
}

/// <param name="MaxConcurrency">Requests at once.</param>
/// <param name="ProvisionedConcurrency">For so many it is kept warm; null: for none.</param>
public sealed record ServerlessEndpoint(int MemoryMiB, int MaxConcurrency, int? ProvisionedConcurrency) : PlannedEndpoint;

/// <param name="Output">An S3 URI; null: below the bucket's prefix.</param>
/// <param name="MaxConcurrency">Of an instance; null: SageMaker chooses.</param>
public sealed record AsyncEndpoint(PlannedInstance Instance, string? Output, string? Failures, int? MaxConcurrency, PlannedAutoscaling? Autoscaling) : PlannedEndpoint;

/// <param name="Target">Requests a minute, or waiting requests, of an instance.</param>
public sealed record PlannedAutoscaling(int Min, int Max, double Target, int ScaleInSeconds, int ScaleOutSeconds);

/// <param name="Percent">Of the capacity, in a step.</param>
public sealed record PlannedRollout(RolloutStrategy Strategy, int Percent, int BakeSeconds);

/// <param name="Version">approved, latest or a number.</param>
public sealed record PlannedVariant(string Version, double Weight);

public sealed record PlannedShadow(string Version, int Percent);

/// <param name="Schedule">As EventBridge Scheduler takes it; null: none.</param>
public sealed record PlannedBatch(string Input, string Output, string? Schedule, bool OnNewData, PlannedInstance Instance)
{
    public required Split Split { get; init; }

    public required Records Records { get; init; }

    public required Join Join { get; init; }

    public string? Filter { get; init; }

    public string? OutputFilter { get; init; }
}

/// <param name="Source">The ARN of the stream that is read.</param>
/// <param name="FromOldest">Where the first reading begins: at the oldest record, or at the next that comes.</param>
public sealed record PlannedStream(string Source, string Destination, string? OnFailure, bool FromOldest, int BatchSize, int BatchWindowSeconds);

/// <param name="To">An S3 URI; null: below the bucket's prefix.</param>
public sealed record PlannedCapture(int Percent, bool Input, bool Output, string? To);

/// <param name="ErrorRate">Of the requests, 0 to 1.</param>
public sealed record PlannedAlarms(double? P99Milliseconds, double? ErrorRate, long? MinInvocations, int PeriodSeconds, int Periods);

public sealed record PlannedTest(string? Payload, string? ContentType, int ExpectStatus, int? MaxLatencyMilliseconds, IReadOnlyList<string>? Command, Span Place);
