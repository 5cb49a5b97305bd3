using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class PublishCommand
{
    public static Command Create()
    {
        var command = new Command("publish", "Sends code, data and the pipeline's definition to the platform.");
        VerbRunner.Set(command, new CommonOptions { IsAudited = true, NeedsDeployRole = true, NeedsFreshCode = _ => true }, async (_, context, cancellation) =>
        {
            await using var held = await context.Platform.LockAsync("publish", cancellation);
            var changed = await PublishVerb.RunAsync(context, cancellation);
            return new Outcome { Verb = "publish", Changed = changed, PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
