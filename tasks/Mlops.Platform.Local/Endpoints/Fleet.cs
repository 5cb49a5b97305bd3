using System.Diagnostics;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>One version behind one variant: as many model processes as it has instances, started again when they end by themselves.</summary>
/// <param name="start">Starts one process and waits until it answers; throws where it does not.</param>
/// <param name="idle">After so long without a request the processes end, and the next request starts them; null: they stay.</param>
internal sealed class Fleet(VariantSettings variant, Func<VariantSettings, CancellationToken, Task<ServedModel>> start, TimeSpan? idle, Action<string> warn) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A model that has lived for so long did come up; one that ends sooner, again and again, is started ever more seldom.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource ending = new();

    /// <summary>Starts, watches and the look for idleness: all that goes on beside the requests.</summary>
    private readonly List<Task> work = [];
    private volatile IReadOnlyList<ServedModel> models = [];
    private volatile AnswerCount? count;
    private Task starting = Task.CompletedTask;
    private long lastUse = Stopwatch.GetTimestamp();

    public VariantSettings Variant { get; } = variant;

    /// <summary>A process ended by itself since the fleet was started.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Counts answers from now on.</summary>
    public AnswerCount CountAnswers() => count = new AnswerCount();

    /// <summary>Whether a shadow gets a copy of the next request.</summary>
    public bool Samples() => Random.Shared.NextDouble() < Variant.Weight;

    public void Answered(int status, TimeSpan latency) => count?.Add(status, latency);

    /// <summary>Starts all instances, once for everybody who asks. Where one does not come up, none stays.</summary>
    /// <param name="cancellation">Ends the waiting. What was begun goes on: others wait for it, too.</param>
    public Task StartAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            if (models.Count == 0 && starting.IsCompleted && !ending.IsCancellationRequested)
                starting = Task.Run(StartAllAsync, CancellationToken.None);
            return starting.WaitAsync(cancellation);
        }
    }

    /// <summary>Begins a request with the process that has the fewest. Null: none takes one, now.</summary>
    public ServedModel? TryUse()
    {
        Volatile.Write(ref lastUse, Stopwatch.GetTimestamp());
        // One that has just ended, or is being taken away, refuses.
        foreach (var model in models.Count == 1 ? models : [.. models.OrderBy(m => m.Users)])
        {
            if (!model.Process.HasExited && model.TryUse())
                return model;
        }

        return null;
    }

    /// <summary>As <see cref="TryUse"/>, and starts what is not there while nobody asks.</summary>
    public async ValueTask<ServedModel?> UseAsync(CancellationToken cancellation)
    {
        if (TryUse() is { } model)
            return model;
        if (idle is null || ending.IsCancellationRequested)
            return null;
        try
        {
            await StartAsync(cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            warn(Words(e));
            return null;
        }

        return TryUse();
    }

    /// <summary>Whether a process takes requests, or the next request starts one.</summary>
    public bool IsReady => models.Count == 0 ? idle is not null : models.Any(m => !m.Process.HasExited);

    public async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken cancellation)
    {
        var now = models;
        if (now.Count == 0)
            return idle is not null;
        var answers = await Task.WhenAll(now.Select(m => m.Process.HasExited ? Task.FromResult(false) : m.Process.IsHealthyAsync(http, cancellation)));
        return answers.All(a => a);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        Task begun;
        lock (gate)
            begun = starting; // None begins after this one.
        await begun.ContinueWith(_ => { }, TaskScheduler.Default);
        IReadOnlyList<ServedModel> left;
        lock (gate)
            (left, models) = (models, []);
        await Task.WhenAll(left.Select(m => m.DisposeAsync().AsTask()));
        Task[] rest;
        lock (gate)
            rest = [.. work];
        await Task.WhenAll(rest);
    }

    private static string Words(Exception e) => e is PlatformException coded ? coded.Problem.ToString() : $"the model could not be started: {e.Message}";

    private async Task StartAllAsync()
    {
        var attempts = Enumerable.Range(0, Variant.Instances).Select(_ => start(Variant, ending.Token)).ToList();
        try
        {
            await Task.WhenAll(attempts);
        }
        catch
        {
            await Task.WhenAll(attempts.Where(a => a.IsCompletedSuccessfully).Select(a => a.Result.DisposeAsync().AsTask()));
            throw;
        }

        lock (gate)
        {
            Volatile.Write(ref lastUse, Stopwatch.GetTimestamp());
            models = [.. attempts.Select(a => a.Result)];
            work.RemoveAll(w => w.IsCompleted);
            work.AddRange(models.Select(m => Task.Run(() => WatchAsync(m, TimeSpan.Zero))));
            if (idle is { } limit)
                work.Add(Task.Run(() => EndWhenIdleAsync(limit)));
        }
    }

    /// <summary>Starts a model again whose process ended by itself.</summary>
    /// <param name="pause">Before it is started again, where it ends soon.</param>
    private async Task WatchAsync(ServedModel model, TimeSpan pause)
    {
        var began = Stopwatch.GetTimestamp();
        await model.Process.Exited;
        if (Stopwatch.GetElapsedTime(began) >= Settled)
            pause = TimeSpan.Zero;
        while (!ending.IsCancellationRequested && models.Contains(model))
        {
            HasFailed = true;
            warn($"the model's process ended; it is started again{(pause > TimeSpan.Zero ? FormattableString.Invariant($" in {pause.TotalSeconds} s") : "")}.");
            await Task.Delay(pause, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            if (ending.IsCancellationRequested || !models.Contains(model))
                return;
            pause = TimeSpan.FromTicks(Math.Clamp(pause.Ticks * 2, FirstPause.Ticks, LongestPause.Ticks));
            try
            {
                var successor = await start(Variant, ending.Token);
                if (TryReplace(model, successor, pause))
                    await model.DisposeAsync();
                else
                    await successor.DisposeAsync();
                return;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever stands in the way now may be gone later: a full disk, a missing interpreter.
            catch (Exception e)
            {
                warn(Words(e));
            }
#pragma warning restore CA1031
        }
    }

    /// <param name="pause">As of <see cref="WatchAsync"/>.</param>
    private bool TryReplace(ServedModel model, ServedModel successor, TimeSpan pause)
    {
        lock (gate)
        {
            if (ending.IsCancellationRequested || !models.Contains(model))
                return false;
            models = [.. models.Select(m => ReferenceEquals(m, model) ? successor : m)];
            work.Add(Task.Run(() => WatchAsync(successor, pause)));
            return true;
        }
    }

    private async Task EndWhenIdleAsync(TimeSpan limit)
    {
        var pause = TimeSpan.FromTicks(Math.Clamp(limit.Ticks / 4, TimeSpan.TicksPerMillisecond * 10, TimeSpan.TicksPerSecond));
        while (!ending.IsCancellationRequested)
        {
            await Task.Delay(pause, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            IReadOnlyList<ServedModel> unused;
            lock (gate)
            {
                if (models.Count == 0)
                    return;
                if (Stopwatch.GetElapsedTime(Volatile.Read(ref lastUse)) < limit || models.Any(m => m.Users > 0))
                    continue;
                (unused, models) = (models, []);
            }

            await Task.WhenAll(unused.Select(m => m.DisposeAsync().AsTask()));
            return;
        }
    }
}
