using System.CommandLine;
using Mlops.Platform.Events;

namespace Mlops.Host.Commands;

/// <summary>Lists runs with their metrics.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "How many, the newest first.", DefaultValueFactory = _ => 20 };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--count must be 1 or more.");
        });
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
