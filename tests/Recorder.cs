using Mlops.Platform.Events;

namespace Mlops.Tests;

/// <summary>Keeps all that is told.</summary>
internal sealed class Recorder : IEventSink
{
    public List<PlatformEvent> All { get; } = [];

    public void Add(PlatformEvent e)
    {
        lock (All)
            All.Add(e);
    }
}
