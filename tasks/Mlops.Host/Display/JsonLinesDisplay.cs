using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>One JSON object a line on standard output; nothing else goes there. "Text" is the line that a person would see.</summary>
internal sealed class JsonLinesDisplay : EventDisplay
{
    private readonly Lock gate = new();

    public override void Add(PlatformEvent e)
    {
        var line = EventJson.Write(e, EventText.Line(e));
        lock (gate)
            Console.Out.WriteLine(line);
    }
}
