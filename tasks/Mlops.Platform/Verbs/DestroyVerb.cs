using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <param name="EvenProtected">Also stages that are protected from deletion.</param>
/// <param name="Everything">Also what no stage needs any more. Data and registered versions stay in any case.</param>
public sealed record DestroyOptions(bool EvenProtected = false, bool Everything = false);

/// <summary>Takes the stages away, the last one first, and says what it keeps.</summary>
public static class DestroyVerb
{
    public static async Task<Outcome> RunAsync(VerbContext context, DestroyOptions options, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        await using var held = await context.Platform.LockAsync("destroy", cancellation);
        var changed = context.Platform.IsPrepared && await DeleteStagesAsync(context, options, cancellation);
        changed |= await context.Platform.CloseAsync(options.Everything, cancellation);
        return new Outcome { Verb = "destroy", Changed = changed, PipelineName = deployment.PipelineName };
    }

    private static async Task<bool> DeleteStagesAsync(VerbContext context, DestroyOptions options, CancellationToken cancellation)
    {
        var (deployment, stages, changed) = (context.Workspace.Deployment, context.Platform.Stages, false);
        foreach (var stage in deployment.Stages.Reverse())
        {
            if (!await stages.DeleteAsync(stage, options.EvenProtected, cancellation))
                continue;
            changed = true;
            context.Events.Add(new StageChanged(stage.Name, "Deleted", 0));
        }

        foreach (var other in await stages.OthersAsync(deployment.Stages, cancellation))
        {
            await stages.DeleteAsync(other, options.EvenProtected, cancellation);
            changed = true;
            context.Events.Add(new Notice($"{other.Name}: Deleted"));
        }

        return changed;
    }
}
