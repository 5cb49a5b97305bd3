using System.Diagnostics;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>One version behind one variant: as many model processes as it has instances, started again when they end by themselves.</summary>
/// <param name="start">Starts one process and waits until it answers; throws where it does not.</param>
/// <param name="idle">After so long without a request the processes end, and the next request starts them; null: they stay.</param>
internal sealed class Fleet(VariantSettings variant, Func<VariantSettings, CancellationToken, Task<ServedModel>> start, TimeSpan? idle, Action<string> warn) : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim starting = new(1, 1);
    private readonly CancellationTokenSource ending = new();
    private volatile IReadOnlyList<ServedModel> models = [];
    private volatile AnswerCount? count;
    private long lastUse = Stopwatch.GetTimestamp();
    private bool isWatchedForIdleness;

    public VariantSettings Variant { get; } = variant;

    /// <summary>A process ended by itself since the fleet was started.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Counts answers from now on.</summary>
    public AnswerCount CountAnswers() => count = new AnswerCount();

    /// <summary>Whether a shadow gets a copy of the next request.</summary>
    public bool Samples() => Random.Shared.NextDouble() < Variant.Weight;

    public void Answered(int status, TimeSpan latency) => count?.Add(status, latency);

    /// <summary>Starts all instances. Where one does not come up, none stays.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await starting.WaitAsync(cancellation);
        try
        {
            if (models.Count > 0)
                return;
            var attempts = Enumerable.Range(0, Variant.Instances).Select(_ => start(Variant, cancellation)).ToList();
            try
            {
                models = await Task.WhenAll(attempts);
            }
            catch
            {
                foreach (var attempt in attempts)
                {
                    if (await Task.WhenAny(attempt) is { IsCompletedSuccessfully: true } started)
                        await started.Result.DisposeAsync();
                }

                throw;
            }

            foreach (var model in models)
                _ = WatchAsync(model);
            Volatile.Write(ref lastUse, Stopwatch.GetTimestamp());
            if (idle is not null && !isWatchedForIdleness)
            {
                isWatchedForIdleness = true;
                _ = EndWhenIdleAsync();
            }
        }
        finally
        {
            starting.Release();
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
        catch (PlatformException e)
        {
            warn(e.Problem.ToString());
            return null;
        }

        return TryUse();
    }

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
        await starting.WaitAsync();
        var left = models;
        models = [];
        starting.Release();
        await Task.WhenAll(left.Select(m => m.DisposeAsync().AsTask()));
    }

    /// <summary>Starts a model again whose process ended by itself.</summary>
    private async Task WatchAsync(ServedModel model)
    {
        await model.Process.Exited;
        if (ending.IsCancellationRequested || !models.Contains(model))
            return;
        HasFailed = true;
        warn("the model's process ended; it is started again.");
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var successor = await start(Variant, ending.Token);
                await ReplaceAsync(model, successor);
                return;
            }
            catch (PlatformException e)
            {
                warn(e.Problem.ToString());
                await Task.Delay(RestartPause, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReplaceAsync(ServedModel model, ServedModel successor)
    {
        await starting.WaitAsync();
        try
        {
            if (models.Contains(model))
            {
                models = [.. models.Select(m => ReferenceEquals(m, model) ? successor : m)];
                _ = WatchAsync(successor);
                _ = Task.Run(async () => await model.DisposeAsync());
                return;
            }
        }
        finally
        {
            starting.Release();
        }

        await successor.DisposeAsync();
    }

    private async Task EndWhenIdleAsync()
    {
        var pause = TimeSpan.FromTicks(Math.Clamp(idle!.Value.Ticks / 4, TimeSpan.TicksPerMillisecond * 10, TimeSpan.TicksPerSecond));
        while (!ending.IsCancellationRequested)
        {
            await Task.Delay(pause, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            if (models.Count == 0 || Stopwatch.GetElapsedTime(Volatile.Read(ref lastUse)) < idle || models.Any(m => m.Users > 0))
                continue;
            await starting.WaitAsync();
            var unused = models;
            models = [];
            starting.Release();
            await Task.WhenAll(unused.Select(m => m.DisposeAsync().AsTask()));
        }
    }
}
