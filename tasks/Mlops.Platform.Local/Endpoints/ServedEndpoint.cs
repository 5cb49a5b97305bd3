using System.Diagnostics;
using Mlops.Platform.Local.Registry;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>One endpoint: where its requests go now, and how a new version takes over.</summary>
/// <param name="makeFleet">For a variant of these settings.</param>
/// <param name="makeQueue">For an asynchronous endpoint, which asks this endpoint's models.</param>
internal sealed class ServedEndpoint(string name, Func<EndpointRow, EndpointSettings, VariantSettings, Fleet> makeFleet, Func<ServedEndpoint, string, EndpointSettings, AsyncQueue> makeQueue, Action<string> warn) : IAsyncDisposable
{
    private volatile Traffic traffic = new([], null);
    private volatile EndpointSettings? settings;
    private volatile CaptureLog? capture;
    private AsyncQueue? queue;
    private int underWay;
    private long lastRequest = Stopwatch.GetTimestamp() - Stopwatch.Frequency * 3600;

    public int Version { get; private set; }

    public bool IsServed => settings is not null;

    /// <summary>A model and the room for one more request; started first where nothing runs while nobody asks.</summary>
    public async ValueTask<Admission> AdmitAsync(string? variant, CancellationToken cancellation)
    {
        if (settings is not { } now)
            return Admission.Refused(Refusal.NotUp);
        if (now.Async is not null)
            return Admission.Refused(Refusal.Asynchronous);
        Volatile.Write(ref lastRequest, Stopwatch.GetTimestamp());
        if (Interlocked.Increment(ref underWay) > (now.MaxConcurrency ?? int.MaxValue))
        {
            Interlocked.Decrement(ref underWay);
            return Admission.Refused(Refusal.TooMany);
        }

        try
        {
            var (lease, refusal) = await LeaseAsync(variant, cancellation);
            if (lease is null)
                Interlocked.Decrement(ref underWay);
            return new Admission(lease, refusal);
        }
        catch
        {
            Interlocked.Decrement(ref underWay);
            throw;
        }
    }

    /// <summary>A model for a request of the queue, which bounds itself.</summary>
    public async ValueTask<(Fleet Fleet, ServedModel Model)?> UseAsync(CancellationToken cancellation)
    {
        Volatile.Write(ref lastRequest, Stopwatch.GetTimestamp());
        return traffic.Choose(null) is { } fleet && await fleet.UseAsync(cancellation) is { } model ? (fleet, model) : null;
    }

    /// <summary>Keeps a request until it is answered. Null: the endpoint answers at once.</summary>
    public QueuedAnswer? Enqueue(QueuedInvocation invocation) => queue?.Enqueue(invocation);

    /// <summary>Registered, and not to be started before somebody asks.</summary>
    public void Restore(EndpointRow row, EndpointSettings given) => Take(row, given, Traffic.Of(given, v => makeFleet(row, given, v)));

    /// <summary>
    /// Starts a version beside the one that is served, waits until it answers, and lets it take over step by step: no request fails. Where it
    /// does not come up or does not bear itself, the old one goes on, and this throws.
    /// </summary>
    /// <param name="record">Keeps that it is served.</param>
    public async Task DeployAsync(EndpointRow row, EndpointSettings given, Action record, CancellationToken cancellation)
    {
        var (before, fresh) = (traffic, Traffic.Of(given, v => makeFleet(row, given, v)));
        try
        {
            await Task.WhenAll(fresh.Fleets.Select(f => f.StartAsync(cancellation)));
            if (before.Shares.Count > 0 && await given.Rollout.RunAsync([.. fresh.Fleets], share => traffic = before.ShiftedTo(fresh, share), () => Volatile.Read(ref lastRequest), cancellation) is { } reason)
                throw LocalErrors.RolledBack(name, row.Version, reason).ToException();
            record();
        }
        catch
        {
            traffic = before;
            await EndAsync(fresh);
            throw;
        }

        Take(row, given, fresh);
        _ = Task.Run(() => EndAsync(before), CancellationToken.None);
    }

    public async Task<EndpointStatus> StatusAsync(EndpointRow row, HttpClient http, CancellationToken cancellation)
    {
        var fleets = traffic.Fleets.ToList();
        var healthy = Version == row.Version && fleets.Count > 0 && (await Task.WhenAll(fleets.Select(f => f.IsHealthyAsync(http, cancellation)))).All(h => h);
        return new EndpointStatus(row.Name, row.Stage, row.Version, healthy);
    }

    public async ValueTask DisposeAsync()
    {
        if (queue is not null)
            await queue.DisposeAsync();
        var left = traffic;
        traffic = new Traffic([], null);
        await EndAsync(left);
        if (capture is not null)
            await capture.DisposeAsync();
    }

    private async ValueTask<Admission> LeaseAsync(string? variant, CancellationToken cancellation)
    {
        // A model that is being replaced refuses; its successor is in the traffic by then.
        for (Traffic? seen = null; !ReferenceEquals(seen, traffic);)
        {
            seen = traffic;
            if (seen.Choose(variant) is not { } fleet)
                return Admission.Refused(seen.Shares.Count == 0 ? Refusal.NotUp : Refusal.UnknownVariant);
            if (await fleet.UseAsync(cancellation) is { } model)
                return new Admission(new Lease(fleet, model, Sampled(), seen.Shadow, () => Interlocked.Decrement(ref underWay)), Refusal.None);
        }

        return Admission.Refused(Refusal.NotUp);
    }

    private CaptureLog? Sampled() => capture is { } log && log.Samples() ? log : null;

    private void Take(EndpointRow row, EndpointSettings given, Traffic fresh)
    {
        var before = settings;
        Version = row.Version;
        traffic = fresh;
        settings = given;
        var old = capture;
        capture = given.Capture is { } wanted ? new CaptureLog(wanted, text => warn($"{name}: {text}")) : null;
        _ = old?.DisposeAsync().AsTask();
        if (before?.Async == given.Async)
            return;
        var done = queue;
        queue = given.Async is null ? null : makeQueue(this, name, given);
        _ = done?.DisposeAsync().AsTask();
    }

    private static Task EndAsync(Traffic old) => Task.WhenAll(old.Fleets.Select(f => f.DisposeAsync().AsTask()));

    private sealed class Lease(Fleet fleet, ServedModel model, CaptureLog? capture, Fleet? shadow, Action? ended) : IInvocationLease
    {
        private int released;

        public Uri Address => model.Process.Address;

        public string Variant => fleet.Variant.Name;

        public CaptureLog? Capture => capture;

        public IInvocationLease? Shadow { get; } = shadow is not null && shadow.Samples() && shadow.TryUse() is { } copy ? new Lease(shadow, copy, capture, null, null) : null;

        public void Answered(int status, TimeSpan latency) => fleet.Answered(status, latency);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref released, 1) != 0)
                return;
            model.Release();
            ended?.Invoke();
        }
    }
}
