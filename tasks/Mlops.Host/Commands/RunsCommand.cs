using System.CommandLine;
using Mlops.Platform.Events;

namespace Mlops.Host.Commands;

/// <summary>Lists runs with their metrics.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var count = CountOption.Create("--count", "How many, the newest first.", 20);
        var command = new Command("runs", "Lists runs: status, time, version and metrics.") { count };
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true }, async (parsed, context, cancellation) =>
        {
            var name = context.Workspace.Deployment.PipelineName;
            var runs = await context.Platform.Pipelines.NewestAsync(name, parsed.GetValue(count), whole: true, cancellation);
            foreach (var run in runs)
                context.Events.Add(run);
            if (runs.Count == 0)
                context.Events.Add(new Notice("Nothing has run yet."));
            return new Outcome { Verb = "runs", PipelineName = name };
        });
        return command;
    }
}
