using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class RunCommand
{
    public static Command Create()
    {
        var parameters = ParameterOption.Create();
        var command = new Command("run", "Publishes the pipeline, runs it and follows it to its end.") { parameters };
        VerbRunner.Set(command, new CommonOptions(), async (parsed, context, cancellation) =>
        {
            await using var held = await context.Platform.LockAsync("run", cancellation);
            await PublishVerb.RunAsync(context, cancellation);
            var result = await RunVerb.RunAsync(context, ParameterOption.Values(parsed, parameters), cancellation);
            if (!result.Ran)
                context.Events.Add(new Notice($"Nothing has changed since execution {result.ExecutionId}: it was not run again."));
            return new Outcome { Verb = "run", Changed = result.Ran, PipelineName = context.Workspace.Deployment.PipelineName, ExecutionId = result.ExecutionId, Version = result.Version };
        });
        return command;
    }
}
