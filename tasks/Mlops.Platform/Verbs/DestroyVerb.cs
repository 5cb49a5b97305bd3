using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <param name="EvenProtected">Also stages that are protected from deletion.</param>
/// <param name="Everything">Also what no stage needs any more.</param>
/// <param name="Stage">This one alone, also one that config.yaml no longer has; null: all of them.</param>
/// <param name="Data">The model's name: its data, runs and registered versions go as well, for good; null: they stay.</param>
public sealed record DestroyOptions(bool EvenProtected = false, bool Everything = false, string? Stage = null, string? Data = null);

/// <summary>Takes the stages away, the last one first, and says what it keeps.</summary>
public static class DestroyVerb
{
    public static async Task<Outcome> RunAsync(VerbContext context, DestroyOptions options, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        if (options.Data is { } named && named != deployment.ModelName)
            throw PlatformErrors.OtherModel(named, deployment.ModelName).ToException();
        var scope = options.Data is not null ? CloseScope.Data : options.Everything ? CloseScope.Build : CloseScope.Idle;
        // Held from here on: what is looked at must not become other while it is taken away.
        await using var held = await context.Platform.LockAsync("destroy", cancellation, now: true);
        await context.Platform.CheckCloseAsync(scope, cancellation);
        // Who names a stage is told where there is none.
        var changed = (context.Platform.IsPrepared || options.Stage is not null) && await DeleteStagesAsync(context, options, cancellation);
        if (options.Stage is null)
            changed |= await context.Platform.CloseAsync(scope, cancellation);
        return new Outcome { Verb = "destroy", Changed = changed, PipelineName = deployment.PipelineName };
    }

    private static async Task<bool> DeleteStagesAsync(VerbContext context, DestroyOptions options, CancellationToken cancellation)
    {
        var (deployment, stages, changed) = (context.Workspace.Deployment, context.Platform.Stages, false);
        var others = await stages.OthersAsync(deployment.Stages, cancellation);
        if (options.Stage is { } named && deployment.Stages.All(s => s.Name != named) && others.All(o => o.Name != named))
            throw PlatformErrors.UnknownStage(named, deployment.Stages.Select(s => s.Name).Concat(others.Select(o => o.Name))).ToException();
        // What a stage left where it no longer is goes first, and alone: the stage itself lives elsewhere now.
        var leftOver = options.Stage is not null && others.Any(o => o.Name == options.Stage);
        foreach (var stage in deployment.Stages.Where(s => options.Stage is null || (s.Name == options.Stage && !leftOver)).Reverse())
        {
            if (!await stages.DeleteAsync(stage, options.EvenProtected, cancellation))
                continue;
            changed = true;
            context.Events.Add(new StageChanged(stage.Name, "Deleted", 0));
        }

        foreach (var other in others.Where(o => options.Stage is null || o.Name == options.Stage))
        {
            await stages.DeleteAsync(other, options.EvenProtected, cancellation);
            changed = true;
            context.Events.Add(new Notice($"{other.Name}: Deleted"));
        }

        return changed;
    }
}
