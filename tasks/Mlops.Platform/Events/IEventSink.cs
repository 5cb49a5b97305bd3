namespace Mlops.Platform.Events;

/// <summary>Takes events from any thread.</summary>
public interface IEventSink
{
    void Add(PlatformEvent e);
}
