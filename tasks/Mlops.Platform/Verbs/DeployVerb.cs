using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <param name="Stage">Up to and with this stage; null: as far as approvals allow.</param>
/// <param name="Version">Serve this version without a run: the way back to an older one.</param>
public sealed record DeployOptions(string? Stage = null, int? Version = null)
{
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}

/// <summary>The whole way: publish, run, gate, register, then each stage in order with its tests, as far as approvals allow.</summary>
public static class DeployVerb
{
    public static async Task<Outcome> RunAsync(VerbContext context, DeployOptions options, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        if (deployment.Stages.Count == 0)
            throw PlatformErrors.NothingToDeploy().ToException();
        if (options.Stage is not null)
            _ = context.Workspace.Stage(options.Stage);

        await using var held = await context.Platform.LockAsync("deploy", cancellation);
        var (changed, execution, number) = options.Version is { } given ? (false, null, given) : await TrainAsync(context, options, cancellation);
        var version = await context.Platform.Models.FindAsync(deployment.ModelPackageGroupName, number, cancellation)
            ?? throw PlatformErrors.UnknownVersion(deployment.ModelPackageGroupName, number).ToException();

        var urls = new List<StageUrl>();
        foreach (var stage in deployment.Stages)
        {
            // A rollback names its stage: the others keep what they serve.
            if (options is { Version: not null, Stage: not null } && stage.Name != options.Stage)
                continue;
            if (!await MayEnterAsync(context, stage, version, explicitly: options.Stage == stage.Name, cancellation))
                break;
            var (state, deployed) = await EnterAsync(context, stage, version, cancellation);
            changed |= deployed;
            urls.Add(new StageUrl(stage.Name, state.Url, state.Version));
            if (stage.Name == options.Stage)
                break;
        }

        return new Outcome { Verb = "deploy", Changed = changed, PipelineName = deployment.PipelineName, ExecutionId = execution, Version = version.Version, Urls = urls };
    }

    private static async Task<(bool Changed, string? Execution, int Version)> TrainAsync(VerbContext context, DeployOptions options, CancellationToken cancellation)
    {
        await PublishVerb.RunAsync(context, cancellation);
        var result = await RunVerb.RunAsync(context, options.Parameters, cancellation);
        return (result.Ran, result.ExecutionId, result.Version ?? throw PlatformErrors.NoVersion(context.Workspace.Deployment.ModelPackageGroupName).ToException());
    }

    private static async Task<bool> MayEnterAsync(VerbContext context, Stage stage, ModelVersion version, bool explicitly, CancellationToken cancellation)
    {
        var decision = await context.Platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation);
        if (decision?.Decision == "Rejected")
        {
            var rejected = PlatformErrors.Rejected(version.Version, stage.Name, decision.Reason);
            if (explicitly)
                throw rejected.ToException();
            context.Events.Add(rejected with { Severity = "Warning" });
            context.Events.Add(new StageChanged(stage.Name, "Rejected", version.Version));
            return false;
        }

        if (stage.Approval == StageApproval.Automatic || decision?.Decision == "Approved")
            return true;
        if (explicitly)
            throw PlatformErrors.NotApproved(version.Version, stage.Name).ToException();
        context.Events.Add(new StageChanged(stage.Name, "PendingApproval", version.Version));
        return false;
    }

    private static async Task<(StageState State, bool Deployed)> EnterAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        var before = await context.Platform.Stages.DescribeAsync(stage, cancellation);
        if (before is { Healthy: true, Tested: true } && before.Version == version.Version)
        {
            context.Events.Add(new StageChanged(stage.Name, "Unchanged", before.Version, before.Url));
            return (before, false);
        }

        context.Events.Add(new StageChanged(stage.Name, "Updating", version.Version));
        var state = await context.Platform.Stages.PutAsync(stage, version, cancellation);
        if (await StageTests.FirstFailureAsync(context, stage, version, cancellation) is { } failure)
        {
            await GoBackAsync(context, stage, before, cancellation);
            throw failure.ToException();
        }

        await context.Platform.Stages.MarkTestedAsync(stage, version.Version, cancellation);
        await ApproveByTestsAsync(context, stage, version, cancellation);
        context.Events.Add(new StageChanged(stage.Name, "InService", state.Version, state.Url));
        return (state with { Tested = true }, true);
    }

    /// <summary>Where no stage asks a person, the last one's tests approve the version: max_drop and max_rise compare with it from now on.</summary>
    private static async Task ApproveByTestsAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        var stages = context.Workspace.Deployment.Stages;
        if (stages[^1] != stage || stages.Any(s => s.Approval == StageApproval.Manual) || version.Status == "Approved")
            return;
        var decision = new ApprovalDecision(version.Version, stage.Name, "Approved", "gates and tests", DateTimeOffset.UtcNow, "approval: automatic");
        await context.Platform.Models.DecideAsync(version.Group, decision, await context.Platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation), cancellation);
    }

    private static async Task GoBackAsync(VerbContext context, Stage stage, StageState? before, CancellationToken cancellation)
    {
        if (before is not null && await context.Platform.Models.FindAsync(context.Workspace.Deployment.ModelPackageGroupName, before.Version, cancellation) is { } old)
        {
            await context.Platform.Stages.PutAsync(stage, old, cancellation);
            await context.Platform.Stages.MarkTestedAsync(stage, old.Version, cancellation);
        }
        else
        {
            await context.Platform.Stages.DeleteAsync(stage, cancellation);
        }
    }
}
