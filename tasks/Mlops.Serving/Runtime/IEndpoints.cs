namespace Mlops.Serving.Runtime;

/// <summary>Where requests for endpoints go.</summary>
public interface IEndpoints
{
    /// <summary>Whether every endpoint can answer: its models run, or are started as soon as somebody asks.</summary>
    bool AreReady { get; }

    /// <summary>Whether there is an endpoint of that name, able to answer or not.</summary>
    bool Knows(string endpoint);

    /// <summary>A model that takes a request now: started first, where nothing runs while nobody asks.</summary>
    /// <param name="variant">The one that the caller names, or null.</param>
    ValueTask<Admission> AdmitAsync(string endpoint, string? variant, CancellationToken cancellation);

    /// <summary>Takes a request that is answered later.</summary>
    Acceptance Enqueue(string endpoint, QueuedInvocation invocation);
}

/// <param name="Lease">Held until it is disposed; null: refused.</param>
public readonly record struct Admission(IInvocationLease? Lease, Refusal Refusal)
{
    public static Admission Refused(Refusal refusal) => new(null, refusal);
}

/// <param name="Answer">Where it will lie; null: refused.</param>
public readonly record struct Acceptance(QueuedAnswer? Answer, Refusal Refusal)
{
    public static Acceptance Refused(Refusal refusal) => new(null, refusal);
}

public enum Refusal
{
    None,

    /// <summary>The model is being started, or has ended and is being started again.</summary>
    NotUp,

    /// <summary>As many requests as the endpoint takes at once are under way.</summary>
    TooMany,

    /// <summary>There is no variant of the name that the caller gave.</summary>
    UnknownVariant,

    /// <summary>The endpoint answers later alone.</summary>
    Asynchronous,

    /// <summary>The endpoint answers at once alone.</summary>
    Synchronous,
}

public interface IInvocationLease : IDisposable
{
    /// <summary>The base addresses of the servers of the model's containers, in the order in which a request goes through them.</summary>
    IReadOnlyList<Uri> Addresses { get; }

    /// <summary>The production variant that the model serves for.</summary>
    string Variant { get; }

    /// <summary>Keeps this request and its answer; null: it is not among those that are kept.</summary>
    CaptureLog? Capture { get; }

    /// <summary>A model that gets a copy, whose answer nobody sees; null: none does. Disposed by whoever takes it.</summary>
    IInvocationLease? Shadow { get; }

    /// <summary>Told how it went: what a rollout looks at.</summary>
    /// <param name="status">Of the model's answer; 502 and 504 where there was none.</param>
    void Answered(int status, TimeSpan latency);
}

/// <summary>InvokeEndpointAsync, without the endpoint's name.</summary>
/// <param name="InputLocation">The S3 URI of the payload.</param>
public sealed record QueuedInvocation(string InferenceId, string InputLocation)
{
    public string? ContentType { get; init; }

    public string? Accept { get; init; }

    public string? CustomAttributes { get; init; }

    /// <summary>How long it may wait for its turn; null: six hours, InvokeEndpointAsync's default.</summary>
    public int? RequestTtlSeconds { get; init; }

    /// <summary>How long the model may take; null: fifteen minutes, InvokeEndpointAsync's default.</summary>
    public int? InvocationTimeoutSeconds { get; init; }
}

/// <summary>Where the answer will lie, or the reason why there is none.</summary>
public sealed record QueuedAnswer(string OutputLocation, string? FailureLocation);
