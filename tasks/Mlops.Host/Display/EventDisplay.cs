using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>Shows events to whoever reads: a program, a person at a terminal, a log.</summary>
internal abstract class EventDisplay : IEventSink, IAsyncDisposable
{
    public static EventDisplay Create(bool json)
    {
        if (json)
            return new JsonLinesDisplay();
        return Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb" ? new PlainDisplay() : new LiveDisplay();
    }

    public abstract void Add(PlatformEvent e);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
