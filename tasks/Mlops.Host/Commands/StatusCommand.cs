using System.CommandLine;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>What is there: executions, versions with their decisions, stages.</summary>
internal static class StatusCommand
{
    private const int ShownRuns = 5;
    private const int ShownVersions = 20;

    public static Command Create()
    {
        var command = new Command("status", "Shows executions, model versions and stages.");
        VerbRunner.Set(command, new CommonOptions(), async (_, context, cancellation) =>
        {
            var group = context.Workspace.Deployment.ModelPackageGroupName;
            foreach (var run in await context.Platform.Pipelines.NewestAsync(context.Workspace.Deployment.PipelineName, ShownRuns, whole: false, cancellation))
                context.Events.Add(run);
            foreach (var version in await context.Platform.Models.DescribeNewestAsync(group, ShownVersions, cancellation))
                context.Events.Add(version);

            return await StagesAsync(context, cancellation);
        });
        return command;
    }

    private static async Task<Outcome> StagesAsync(VerbContext context, CancellationToken cancellation)
    {
        var urls = new List<StageUrl>();
        foreach (var stage in context.Workspace.Deployment.Stages)
        {
            var (state, hidden) = await StageView.OfAsync(context, stage, cancellation);
            if (hidden is not null)
            {
                context.Events.Add(new StageChanged(stage.Name, $"not visible to {context.Platform.Caller} ({hidden.Code})", 0));
                continue;
            }

            var isGone = state is { Healthy: true } && !await context.Platform.Stages.IsThereAsync(stage, cancellation);
            context.Events.Add(isGone ? new StageChanged(stage.Name, $"not running: somebody else deleted its endpoint or batch pipeline. 'mlops destroy --platform {context.Platform.Name} --stage {stage.Name}', then deploy again", state!.Version)
                : new StageChanged(stage.Name, Words(state), state?.Version ?? 0, state?.Url));
            if (state is { Healthy: true } && !isGone)
                urls.Add(new StageUrl(stage.Name, state.Url, state.Version));
        }

        foreach (var other in await context.Platform.Stages.OthersAsync(context.Workspace.Deployment.Stages, cancellation))
            context.Events.Add(PlatformErrors.LeftOver(other, context.Platform.Name));
        return new Outcome { Verb = "status", PipelineName = context.Workspace.Deployment.PipelineName, Urls = urls };
    }

    private static string Words(StageState? state) => state switch
    {
        null => "not deployed",
        { Condition: { } condition } => condition,
        { Healthy: false, IsRestarting: true } => "restarting: its process had ended",
        { Healthy: false } => "not running: deploy again",
        { UpToDate: false } => "running with other settings than config.yaml has now: deploy again",
        _ => "InService",
    };
}
