using System.Diagnostics;
using Mlops.Platform.Local.Registry;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>One endpoint: where its requests go now, and how a new version takes over.</summary>
/// <param name="makeFleet">For a variant of these settings.</param>
/// <param name="makeQueue">For an asynchronous endpoint, which asks this endpoint's models.</param>
internal sealed class ServedEndpoint(string name, Func<EndpointRow, EndpointSettings, VariantSettings, Fleet> makeFleet, Func<ServedEndpoint, string, AsyncSettings, int, AsyncQueue> makeQueue, Action<string> warn) : IAsyncDisposable
{
    private volatile Traffic traffic = new([], null);
    private volatile EndpointSettings? settings;
    private volatile CaptureLog? capture;
    private readonly Lock gate = new();

    /// <summary>What was served before, and answers its last requests.</summary>
    private readonly List<Task> leaving = [];
    private volatile AsyncQueue? queue;
    private int underWay;
    private long lastRequest = Stopwatch.GetTimestamp() - Stopwatch.Frequency * 3600;

    public int Version { get; private set; }

    public bool IsServed => settings is not null;

    /// <summary>Whether a request would find a model, or start one.</summary>
    public bool IsReady => traffic.Shares is { Count: > 0 } shares && shares.All(s => s.Fleet.IsReady);

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

    /// <summary>Keeps an answer of the queue, where it is among those that are kept.</summary>
    public void Capture(CapturedInvocation invocation) => Sampled()?.Add(invocation);

    /// <summary>Keeps a request until it is answered.</summary>
    public Acceptance Enqueue(QueuedInvocation invocation) =>
        settings is not { } now || (now.Async is not null && queue is null) ? Acceptance.Refused(Refusal.NotUp)
        : now.Async is null ? Acceptance.Refused(Refusal.Synchronous)
        : new Acceptance(queue!.Enqueue(invocation), Refusal.None);

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

        var log = Take(row, given, fresh);
        Later(Task.Run(() => RetireAsync(before, log), CancellationToken.None));
    }

    public async Task<EndpointStatus> StatusAsync(EndpointRow row, HttpClient http, CancellationToken cancellation)
    {
        var fleets = traffic.Fleets.ToList();
        var healthy = Version == row.Version && fleets.Count > 0 && (await Task.WhenAll(fleets.Select(f => f.IsHealthyAsync(http, cancellation)))).All(h => h);
        return new EndpointStatus(row.Name, row.Stage, row.Version, healthy);
    }

    public async ValueTask DisposeAsync()
    {
        // Its requests stay in their folder: models that answer them need not be waited for.
        if (queue is not null)
            await queue.DisposeAsync();
        var left = traffic;
        traffic = new Traffic([], null);
        await RetireAsync(left, capture);
        Task[] rest;
        lock (gate)
            rest = [.. leaving];
        await Task.WhenAll(rest);
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

    /// <returns>The log of what was served before: it is closed when the last of those requests has been answered.</returns>
    private CaptureLog? Take(EndpointRow row, EndpointSettings given, Traffic fresh)
    {
        var before = capture;
        Version = row.Version;
        capture = given.Capture is { } wanted ? new CaptureLog(wanted, text => warn($"{name}: {text}")) : null;
        traffic = fresh;
        if (given.Async is { } asynchronous)
        {
            var workers = asynchronous.MaxConcurrency * given.Variants.Sum(v => v.Instances);
            if (queue is null)
                queue = makeQueue(this, name, asynchronous, workers);
            else
                queue.Configure(asynchronous, workers);
        }

        settings = given;
        return before;
    }

    private void Later(Task task)
    {
        lock (gate)
        {
            leaving.RemoveAll(t => t.IsCompleted);
            leaving.Add(task);
        }
    }

    private static async Task RetireAsync(Traffic old, CaptureLog? log)
    {
        await EndAsync(old);
        if (log is not null)
            await log.DisposeAsync();
    }

    private static Task EndAsync(Traffic old) => Task.WhenAll(old.Fleets.Select(f => f.DisposeAsync().AsTask()));

    private sealed class Lease(Fleet fleet, ServedModel model, CaptureLog? capture, Fleet? shadow, Action? ended) : IInvocationLease
    {
        private int released;

        public IReadOnlyList<Uri> Addresses { get; } = model.Process.Addresses;

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
