using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Local;

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
        VerbRunner.Set(command, new CommonOptions(), (parsed, context, _) =>
        {
            var any = false;
            foreach (var run in new RunHistory(((LocalPlatform)context.Platform).Registry).Newest(parsed.GetValue(count)))
            {
                context.Events.Add(run);
                any = true;
            }

            if (!any)
                context.Events.Add(new Notice("Nothing has run yet."));
            return Task.FromResult<Outcome?>(new Outcome { Verb = "runs", PipelineName = context.Workspace.Deployment.PipelineName });
        });
        return command;
    }
}
