namespace Mlops.Platform.Events;

/// <summary>Takes events from any thread.</summary>
public interface IEventSink
{
    void Add(PlatformEvent e);
}

public static class EventSinkExtensions
{
    /// <summary>Ends what is being done where there are problems: all are told, the last one by the exception.</summary>
    /// <exception cref="PlatformException">There is one at least.</exception>
    public static void ThrowIfAny(this IEventSink events, IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems.SkipLast(1))
            events.Add(problem);
        if (problems.Count > 0)
            throw problems[^1].ToException();
    }
}
