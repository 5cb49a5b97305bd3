using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Local;

namespace Mlops.Host.Commands;

internal static class DestroyCommand
{
    public static Command Create()
    {
        var command = new Command("destroy", "Takes the stages' endpoints away. Data, runs and registered versions stay.");
        VerbRunner.Set(command, new CommonOptions(), async (_, context, cancellation) =>
        {
            await using var held = await context.Platform.LockAsync("destroy", cancellation);
            var changed = false;
            foreach (var stage in context.Workspace.Deployment.Stages)
            {
                if (!await context.Platform.Stages.DeleteAsync(stage, cancellation))
                    continue;
                changed = true;
                context.Events.Add(new StageChanged(stage.Name, "Deleted", 0));
            }

            foreach (var other in await context.Platform.Stages.OthersAsync(context.Workspace.Deployment.Stages, cancellation))
            {
                await context.Platform.Stages.DeleteAsync(other, cancellation);
                changed = true;
                context.Events.Add(new Notice($"{other.Name}: Deleted"));
            }

            var platform = (LocalPlatform)context.Platform;
            changed |= await platform.StopServingAsync(cancellation);
            context.Events.Add(new Notice($"Kept: registry, runs and artifacts in '{platform.Folder}'. Delete that folder to take them away as well."));
            return new Outcome { Verb = "destroy", Changed = changed, PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
