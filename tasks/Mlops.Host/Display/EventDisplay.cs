using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>Shows events to whoever reads: a program, a person at a terminal, a log.</summary>
internal abstract class EventDisplay : IEventSink, IAsyncDisposable
{
    /// <param name="plain">Whether lines stay as they are written, also at a terminal.</param>
    public static EventDisplay Create(bool json, bool plain = false)
    {
        if (json)
            return new JsonLinesDisplay();
        return plain || Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb" ? new PlainDisplay() : new LiveDisplay();
    }

    public abstract void Add(PlatformEvent e);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
