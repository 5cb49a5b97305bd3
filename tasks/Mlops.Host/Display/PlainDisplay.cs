using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>Plain lines, for logs and pipes: no colour, no movement; problems on standard error.</summary>
internal sealed class PlainDisplay : EventDisplay
{
    private readonly Lock gate = new();

    public override void Add(PlatformEvent e)
    {
        lock (gate)
        {
            if (EventText.Line(e) is { } line)
                (e is Problem ? Console.Error : Console.Out).WriteLine(line);
            if (e is Outcome outcome)
            {
                foreach (var url in outcome.Urls)
                    Console.Out.WriteLine($"{outcome.PipelineName} -> {url.Url}");
            }
        }
    }
}
