using System.Diagnostics;
using System.Globalization;
using Mlops.Platform.Events;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mlops.Host.Display;

/// <summary>
/// A terminal: what runs now with its time and last metric, below the lines of what is done. NO_COLOR is respected (by
/// Spectre.Console, which also knows what the terminal can do).
/// </summary>
internal sealed class LiveDisplay : EventDisplay
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly List<RunningStep> running = [];
    private readonly Queue<PlatformEvent> lines = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task drawing;
    private string? updating;

    public LiveDisplay()
    {
        drawing = Task.Run(DrawAsync);
    }

    public override void Add(PlatformEvent e)
    {
        lock (gate)
        {
            switch (e)
            {
                case StepChanged { Status: "Executing" } s:
                    running.RemoveAll(r => r.Name == s.Step); // It is tried again.
                    running.Add(new RunningStep(s.Step, Stopwatch.StartNew()));
                    if (s.Detail is null)
                        return;
                    break;
                case MetricMeasured m when running.Find(r => r.Name == m.Step) is { } step:
                    step.Metric = string.Create(CultureInfo.InvariantCulture, $"{m.Metric} {m.Value:G6}");
                    return;
                case StageChanged { Status: "Updating" }:
                    updating = EventText.Line(e);
                    return;
                case StepChanged s:
                    running.RemoveAll(r => r.Name == s.Step);
                    break;
                case StageChanged or Problem:
                    updating = null;
                    break;
            }

            lines.Enqueue(e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await drawing;
        ending.Dispose();
        await base.DisposeAsync();
    }

    private async Task DrawAsync()
    {
        await AnsiConsole.Live(new Text("")).AutoClear(true).StartAsync(async live =>
        {
            while (!ending.IsCancellationRequested)
            {
                lock (gate)
                {
                    WriteLines();
                    live.UpdateTarget(Now());
                }

                await Task.Delay(Pause, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        });
        lock (gate)
            WriteLines();
    }

    private IRenderable Now()
    {
        var grid = new Grid().AddColumn().AddColumn(new GridColumn().RightAligned()).AddColumn();
        foreach (var step in running)
            grid.AddRow(new Text($"  {step.Name}"), new Text(EventText.Time(step.Clock.Elapsed.TotalSeconds).Trim(' ', '(', ')'), new Style(Color.Grey)), new Text(step.Metric ?? ""));
        if (updating is not null)
            grid.AddRow(new Text(updating), new Text(""), new Text(""));
        return grid;
    }

    private void WriteLines()
    {
        while (lines.TryDequeue(out var e))
        {
            if (EventText.Line(e) is { } line)
                AnsiConsole.Write(new Text(line + "\n", StyleOf(e)));
            if (e is not Outcome outcome)
                continue;
            foreach (var url in outcome.Urls)
                AnsiConsole.Write(new Text($"{outcome.PipelineName} -> {url.Url}\n", new Style(decoration: Decoration.Bold)));
        }
    }

    private static Style StyleOf(PlatformEvent e) => e switch
    {
        Problem { Severity: "Error" } or StepChanged { Status: "Failed" } => new Style(Color.Red),
        Problem or StageChanged { Status: "PendingApproval" } => new Style(Color.Yellow),
        StepChanged { Cached: true } => new Style(Color.Grey),
        StageChanged { Status: "InService" } or ModelRegistered { New: true } => new Style(Color.Green),
        _ => Style.Plain,
    };

    private sealed class RunningStep(string name, Stopwatch clock)
    {
        public string Name { get; } = name;

        public Stopwatch Clock { get; } = clock;

        public string? Metric { get; set; }
    }
}
