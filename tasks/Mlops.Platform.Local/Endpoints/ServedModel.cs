using Mlops.Platform.Local.Models;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>A model process that answers, with the number of requests that are under way in it: it ends when they have.</summary>
/// <param name="drainLimit">How long the last requests may take when it is taken away.</param>
internal sealed class ServedModel(ModelChain process, TimeSpan drainLimit) : IAsyncDisposable
{
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int users = 1;

    public ModelChain Process { get; } = process;

    /// <summary>Requests that are under way.</summary>
    public int Users => Math.Max(0, Volatile.Read(ref users) - 1);

    /// <summary>It is being taken away.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Begins a request. False: it is being taken away, ask for its successor.</summary>
    public bool TryUse()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref users);
            if (seen == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref users, seen + 1, seen) != seen);

        return true;
    }

    /// <summary>Ends a request.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref users) == 0)
            drained.TrySetResult();
    }

    /// <summary>Takes no more requests, waits for those under way, and ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        IsLeaving = true;
        Release();
        await Task.WhenAny(drained.Task, Task.Delay(drainLimit));
        await Process.DisposeAsync();
    }
}
