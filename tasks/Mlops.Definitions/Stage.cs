using System.Text.Json.Nodes;

namespace Mlops.Definitions;

public sealed record Stage
{
    public required string Name { get; init; }

    /// <summary>Automatic or Manual: who lets a version in.</summary>
    public required StageApproval Approval { get; init; }

    public required string EndpointName { get; init; }

    /// <summary>
    /// CreateEndpointConfig without names; each variant's ModelName is filled in at deployment, and ${BucketName} in a location is the
    /// platform's bucket. Null: the stage serves batches alone.
    /// </summary>
    public JsonObject? EndpointConfig { get; init; }

    /// <summary>CreateEndpoint's DeploymentConfig, without alarms; null: all at once.</summary>
    public JsonObject? DeploymentConfig { get; init; }

    /// <summary>What rolls a rollout back; null: only a model that ends.</summary>
    public StageAlarms? Alarms { get; init; }

    /// <summary>Nothing runs while nothing waits to be answered.</summary>
    public bool ScalesToZero { get; init; }

    /// <summary>Predictions for whole data sets; null: none.</summary>
    public StageBatch? Batch { get; init; }

    /// <summary>Records of a stream that go through the endpoint; null: none.</summary>
    public StageStream? Stream { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How it answers requests; null: it serves batches alone.</summary>
    public EndpointKind? Endpoint { get; init; } = EndpointKind.Realtime;

    /// <summary>Where it is on aws: complete, whatever the configuration says of all places.</summary>
    public AwsPlace Aws { get; init; } = new();

    /// <summary>Versions beside the one that is deployed.</summary>
    public IReadOnlyList<FurtherVersion> FurtherVersions { get; init; } = [];

    public IReadOnlyList<StageTest> Tests { get; init; } = [];

    public required SourcePlace Place { get; init; }

    /// <summary>Whether a version may be served, as far as a person is asked.</summary>
    /// <param name="decision">On the version for this stage, Approved or Rejected; null: nobody has decided.</param>
    public bool Admits(string? decision) => decision == "Approved" || (Approval == StageApproval.Automatic && decision != "Rejected");
}

public enum StageApproval
{
    Automatic,
    Manual,
}

public enum EndpointKind
{
    Realtime,
    Serverless,
    Async,
}

/// <param name="Variant">That serves it.</param>
/// <param name="Parameter">Of the deploy template, that takes its model package.</param>
/// <param name="Version">"approved", "latest" or a number.</param>
public sealed record FurtherVersion(string Variant, string Parameter, string Version);

public sealed record StageAlarms
{
    /// <summary>The longest that 99 of a hundred answers may take.</summary>
    public double? P99Milliseconds { get; init; }

    /// <summary>Of the requests, 0 to 1.</summary>
    public double? ErrorRate { get; init; }
}

/// <param name="Transform">CreateTransformJob, without names.</param>
public sealed record StageBatch(JsonObject Transform)
{
    /// <summary>As EventBridge Scheduler takes it; null: none.</summary>
    public string? Schedule { get; init; }

    /// <summary>Started by what comes to lie in its input.</summary>
    public bool OnNewData { get; init; }
}

/// <param name="Source">The name of the stream that is read.</param>
/// <param name="Destination">The name of the stream that takes the predictions.</param>
public sealed record StageStream(string Source, string Destination)
{
    /// <summary>The name of what is told of records that could not be predicted; null: nothing is.</summary>
    public string? Failures { get; init; }

    /// <summary>Where the first reading begins: at the oldest record, or at the next that comes.</summary>
    public bool FromOldest { get; init; }

    /// <summary>How many records at once.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>How long it waits for that many.</summary>
    public int BatchWindowSeconds { get; init; }

    /// <summary>Of a record.</summary>
    public required string ContentType { get; init; }

    /// <summary>Of a prediction.</summary>
    public required string Accept { get; init; }
}

/// <param name="Place">Of the test in config.yaml.</param>
public sealed record StageTest(SourcePlace Place)
{
    /// <summary>A file of the repository that is sent; null where a program tests.</summary>
    public string? Payload { get; init; }

    public string? ContentType { get; init; }

    public int ExpectStatus { get; init; } = 200;

    public int? MaxLatencyMilliseconds { get; init; }

    /// <summary>A program of the repository, with the command that runs it.</summary>
    public IReadOnlyList<string>? Command { get; init; }
}
