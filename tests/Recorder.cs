using Mlops.Platform.Events;

namespace Mlops.Tests;

/// <summary>Keeps all that is told.</summary>
internal sealed class Recorder : IEventSink
{
    private readonly List<PlatformEvent> told = [];

    /// <summary>As it is now: more may be told meanwhile.</summary>
    public IReadOnlyList<PlatformEvent> All
    {
        get
        {
            lock (told)
                return [.. told];
        }
    }

    public void Add(PlatformEvent e)
    {
        lock (told)
            told.Add(e);
    }

    public void Clear()
    {
        lock (told)
            told.Clear();
    }
}
