using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <param name="Stage">Up to and with this stage; with a version, this one alone; null: as far as approvals allow.</param>
/// <param name="Version">Serve this version without a run: the way back to an older one.</param>
public sealed record DeployOptions(string? Stage = null, int? Version = null)
{
    /// <summary>Of the run.</summary>
    public RunRequest Run { get; init; } = new();

    /// <summary>The file of a plan that was kept: this is done, with its parameters, and nothing else. Null: whatever is to be done.</summary>
    public string? PlanFile { get; init; }
}

/// <summary>The whole way: publish, run, gate, register, then each stage in order with its tests, as far as approvals allow.</summary>
public static class DeployVerb
{
    public static async Task<Outcome> RunAsync(VerbContext context, DeployOptions options, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Fresh().Deployment;
        if (deployment.Stages.Count == 0)
            throw PlatformErrors.NothingToDeploy().ToException();
        if (options.Stage is not null)
            _ = context.Workspace.Stage(options.Stage);

        if (options.Version is not null)
            context.Workspace.RefuseGaps(context.Platform.Name, context.Events);
        var planned = options.PlanFile is { } file ? Plan.Read(file) : null;
        if (planned is not null && planned.Platform != context.Platform.Name)
            throw PlatformErrors.PlanOfOther(options.PlanFile!, planned.Platform, context.Platform.Name).ToException();
        await using var held = await context.Platform.LockAsync("deploy", cancellation, now: planned is not null);
        if (planned is not null && !planned.IsSameAs(await PlanVerb.RunAsync(context, planned.Parameters, cancellation)))
            throw PlatformErrors.PlanOutdated(options.PlanFile!, context.Platform.Name).ToException();
        if (planned is not null)
            options = options with { Run = options.Run with { Parameters = planned.Parameters } };
        var touched = Touched(deployment, options);
        await context.Platform.CheckServingAsync(touched, cancellation);
        // The way back needs what was prepared before, and does not wait until that can be changed.
        var (changed, run, number) = options.Version is { } given ? (await context.Platform.PrepareAsync(touched, cancellation, wayBack: true), null, given) : await TrainAsync(context, options, touched, cancellation);
        var version = await context.Platform.Models.FindAsync(deployment.ModelPackageGroupName, number, cancellation)
            ?? throw PlatformErrors.UnknownVersion(deployment.ModelPackageGroupName, number, context.Platform.Name).ToException();

        var urls = new List<StageUrl>();
        var (open, kept) = (true, new HashSet<string>(StringComparer.Ordinal));
        foreach (var stage in deployment.Stages)
        {
            var wanted = open && touched.Contains(stage);
            if (wanted && await EnterAsync(context, stage, new(Wanted, Explicitly: options.Stage == stage.Name, run), cancellation) is var (state, deployed))
            {
                changed |= deployed;
                urls.Add(new StageUrl(stage.Name, state.Url, state.Version));
                continue;
            }

            open &= !wanted;
            if (wanted && await EnterAsync(context, stage, new(Served, Explicitly: false, run), cancellation) is var (same, renewed))
            {
                changed |= renewed;
                urls.Add(new StageUrl(stage.Name, same.Url, same.Version));
                continue;
            }

            var (serving, _) = await StageView.OfAsync(context, stage, cancellation);
            if (serving is { Healthy: false, IsRestarting: false } && await RestoreAsync(context, stage, serving, cancellation) is { } again)
                (serving, changed) = (again, true);
            if (serving is { Healthy: true })
                urls.Add(new StageUrl(stage.Name, serving.Url, serving.Version));

            async Task<ModelVersion?> Wanted()
            {
                if (run is not { Ran: false } || options.Run.Parameters.Count > 0 || await PublishedAsync(context, run, cancellation) is not { } pipeline || await StageEntry.NewerAsync(context, stage, version, pipeline, cancellation) is not { } newer)
                    return version;
                if (kept.Add(stage.Name))
                    context.Events.Add(StageEntry.Keeps(stage, newer, version));
                return newer;
            }

            // What serves goes on, as config.yaml has the stage by now.
            async Task<ModelVersion?> Served() =>
                await context.Platform.Stages.DescribeAsync(stage, cancellation) is { Healthy: true, UpToDate: false } there && there.Version != version.Version
                && await context.Platform.Models.FindAsync(version.Group, there.Version, cancellation) is { } served && await MayServeAsync(context, stage, served, cancellation) ? served : null;
        }

        // Where nothing changed, the last deploy has said it.
        foreach (var other in changed ? await context.Platform.Stages.OthersAsync(deployment.Stages, cancellation) : [])
            context.Events.Add(PlatformErrors.LeftOver(other, context.Platform.Name));
        return new Outcome { Verb = "deploy", Changed = changed, PipelineName = deployment.PipelineName, ExecutionId = run?.ExecutionId, Version = version.Version, Urls = urls };
    }

    /// <summary>The stages that a deploy may change, in order. A way back names its stage: the others keep what they serve.</summary>
    private static IReadOnlyList<Stage> Touched(DeploymentDefinition deployment, DeployOptions options) => options switch
    {
        { Stage: null } => deployment.Stages,
        { Version: not null } => [.. deployment.Stages.Where(s => s.Name == options.Stage)],
        _ => [.. deployment.Stages.TakeWhile(s => s.Name != options.Stage), .. deployment.Stages.Where(s => s.Name == options.Stage)],
    };

    /// <summary>What a stage serves, and no version enters, serves again where it was stopped: on a laptop, where 'mlops stop' does that.</summary>
    private static async Task<StageState?> RestoreAsync(VerbContext context, Stage stage, StageState stopped, CancellationToken cancellation)
    {
        if (context.Platform.Name != PlatformNames.Local || await context.Platform.Models.FindAsync(context.Workspace.Deployment.ModelPackageGroupName, stopped.Version, cancellation) is not { } version)
            return null;
        context.Events.Add(new StageChanged(stage.Name, "Updating", version.Version));
        var state = await StartAsync(context, stage, version, stopped, cancellation);
        context.Events.Add(new StageChanged(stage.Name, "InService", state.Version, state.Url));
        return state;
    }

    private static async Task<(bool Changed, ExecutionResult? Run, int Version)> TrainAsync(VerbContext context, DeployOptions options, IReadOnlyList<Stage> stages, CancellationToken cancellation)
    {
        RunVerb.Check(context.Workspace, options.Run);
        var published = await PublishVerb.RunAsync(context, cancellation, stages);
        var result = await RunVerb.RunAsync(context, options.Run, cancellation);
        if (result.Ran)
            await RefuseSupersededAsync(context, result, cancellation);
        return (published || result.Ran, result, result.Version ?? throw PlatformErrors.NoVersion(context.Workspace.Deployment.ModelPackageGroupName, context.Platform.Name).ToException());
    }

    /// <summary>Whoever published another pipeline meanwhile means that one: going on would bring an older configuration back over theirs.</summary>
    private static async Task RefuseSupersededAsync(VerbContext context, ExecutionResult run, CancellationToken cancellation)
    {
        var deployment = context.Workspace.Deployment;
        if (run.Definition is { } ran && (await FindPipelineAsync(context, cancellation) is not { } published || PipelineContent.DigestOf(deployment, ran) != PipelineContent.DigestOf(deployment, published)))
            throw PlatformErrors.Superseded(run.Version, context.Platform.Name).ToException();
    }

    private static async Task<PipelineDefinition?> PublishedAsync(VerbContext context, ExecutionResult run, CancellationToken cancellation) => run.Definition ?? await FindPipelineAsync(context, cancellation);

    /// <summary>Null: there is none, or somebody else's that cannot be read.</summary>
    private static async Task<PipelineDefinition?> FindPipelineAsync(VerbContext context, CancellationToken cancellation)
    {
        try
        {
            return await context.Platform.Pipelines.FindAsync(context.Workspace.Deployment.PipelineName, cancellation);
        }
        catch (DefinitionException)
        {
            return null;
        }
    }

    /// <param name="Choose">The version, by what is so when it is asked; null: none.</param>
    /// <param name="Explicitly">As of <see cref="StageEntry.MayEnterAsync"/>.</param>
    /// <param name="Run">What made it; null: the caller named it.</param>
    private sealed record Entry(Func<Task<ModelVersion?>> Choose, bool Explicitly, ExecutionResult? Run);

    /// <summary>Brings a version into a stage, tests it there, and takes it out again where it does not pass. Null: none may enter.</summary>
    private static async Task<(StageState State, bool Deployed)?> EnterAsync(VerbContext context, Stage stage, Entry entry, CancellationToken cancellation)
    {
        if (await entry.Choose() is not { } version || !await StageEntry.MayEnterAsync(context, stage, version, entry.Explicitly, cancellation))
            return null;
        var stages = context.Platform.Stages;
        var tests = StageTests.HashOf(context.Workspace, stage);
        var before = await stages.DescribeAsync(stage, cancellation);
        var serves = before is { Healthy: true, UpToDate: true } && before.Version == version.Version;
        if (serves && await stages.IsTestedAsync(stage, version.Version, tests, cancellation))
        {
            context.Events.Add(new StageChanged(stage.Name, "Unchanged", before!.Version, before.Url));
            return (before, false);
        }

        // Whoever was waited for may have published, decided, tested or deployed.
        if (await stages.BeginAsync(stage, cancellation))
        {
            if (entry.Run is { } run)
                await RefuseSupersededAsync(context, run, cancellation);
            return await EnterAsync(context, stage, entry, cancellation);
        }

        // Asked where something changes: a deploy that changes nothing asks for as little as it can, and 'status' and 'plan' tell.
        if (before is { Healthy: true } && !await stages.IsThereAsync(stage, cancellation))
            throw context.Workspace.At(PlatformErrors.EndpointGone(stage.Name, context.Platform.Name), stage.Place).ToException();
        context.Events.Add(new StageChanged(stage.Name, "Updating", version.Version));
        var state = serves ? before! : await StartAsync(context, stage, version, before, cancellation);
        try
        {
            if (await StageTests.FirstFailureAsync(context, stage, version, cancellation) is { } failure)
                throw failure.ToException();
        }
        catch (Exception e)
        {
            // Failed, stopped or broken off: what did not pass must not stay. This is done also for whoever wants to stop.
            if (await LeaveAsync(context, stage, before, version, tests, serves) is { } outcome && e is PlatformException { Problem: { Code: PlatformErrors.StageTestFailed } failed })
                throw (failed with { Message = $"{failed.Message} {outcome}" }).ToException();
            throw;
        }

        await stages.MarkTestedAsync(stage, version.Version, tests, cancellation);
        await ApproveByTestsAsync(context, stage, version, cancellation);
        context.Events.Add(new StageChanged(stage.Name, "InService", state.Version, state.Url));
        return (state, true);
    }

    private static async Task<StageState> StartAsync(VerbContext context, Stage stage, ModelVersion version, StageState? before, CancellationToken cancellation)
    {
        try
        {
            return await context.Platform.Stages.PutAsync(stage, version, null, cancellation);
        }
        catch (PlatformException e) when (e.Problem.File is null)
        {
            var problem = before is not { Healthy: true } ? e.Problem : e.Problem with { Message = $"{PlatformErrors.StillServed(stage.Name, before.Version)} {e.Problem.Message}" };
            throw (e.Problem.Code == PlatformErrors.ModelDidNotStart ? context.Workspace.At(problem, "inference") : context.Workspace.At(problem, stage.Place)).ToException();
        }
    }

    /// <summary>Where no stage asks a person, the last one's tests approve the version: max_drop and max_rise compare with it from now on.</summary>
    private static async Task ApproveByTestsAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        var stages = context.Workspace.Deployment.Stages;
        if (stages[^1] != stage || stages.Any(s => s.Approval == StageApproval.Manual) || version.Status == "Approved")
            return;
        var decision = new ApprovalDecision(version.Version, stage.Name, "Approved", "gates and tests", DateTimeOffset.UtcNow, "approval: automatic");
        var latest = await context.Platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation);
        // Whoever decided while the stage was made has the last word.
        if (latest?.Decision == "Rejected")
            context.Events.Add(PlatformErrors.Rejected(version.Version, stage.Name, latest.Reason).AsWarning());
        else if (latest?.Decision != "Approved")
            await context.Platform.Models.DecideAsync(version.Group, decision, latest, final: true, cancellation);
    }

    /// <summary>Takes a version that did not pass out of a stage.</summary>
    /// <param name="before">What the stage was before this deploy; null: it served nothing.</param>
    /// <param name="served">Whether it served this very version: a deploy that was broken off had left it there untested.</param>
    /// <returns>In a sentence, what it serves now; null: that failed as well, which is said.</returns>
    private static async Task<string?> LeaveAsync(VerbContext context, Stage stage, StageState? before, ModelVersion failed, string tests, bool served)
    {
        try
        {
            var stages = context.Platform.Stages;
            if (before is null)
            {
                await stages.DeleteAsync(stage, evenProtected: true, CancellationToken.None);
                return PlatformErrors.ServesNothing;
            }

            // What served before may be gone from the registry.
            if (!served && await context.Platform.Models.FindAsync(failed.Group, before.Version, CancellationToken.None) is { } old)
            {
                await stages.PutAsync(stage, old, before.Settings, CancellationToken.None);
                return PlatformErrors.ServesAgain(old.Version);
            }

            return await ToTestedAsync(context, stage, failed, tests, CancellationToken.None) is { } tested ? PlatformErrors.ServesAgain(tested) : PlatformErrors.FailedStays(stage.Name, failed.Version, context.Platform.Name);
        }
        catch (Exception e) when (((e as PlatformException)?.Problem ?? context.Platform.Explain(e)) is { } problem)
        {
            // What led here is what is thrown.
            context.Events.Add(problem);
            return null;
        }
    }

    /// <summary>Whether nobody has kept the version out since it passed.</summary>
    private static async Task<bool> MayServeAsync(VerbContext context, Stage stage, ModelVersion version, CancellationToken cancellation)
    {
        var decision = (await context.Platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation))?.Decision;
        return stage.Admits(decision);
    }

    /// <summary>To the newest version that passed these tests. Returns it; null: there is none.</summary>
    private static async Task<int?> ToTestedAsync(VerbContext context, Stage stage, ModelVersion failed, string tests, CancellationToken cancellation)
    {
        foreach (var other in (await context.Platform.Models.ListAsync(failed.Group, cancellation)).Where(v => v.Version != failed.Version).OrderByDescending(v => v.Version))
        {
            if (!await context.Platform.Stages.IsTestedAsync(stage, other.Version, tests, cancellation) || !await MayServeAsync(context, stage, other, cancellation))
                continue;
            await context.Platform.Stages.PutAsync(stage, other, null, cancellation);
            return other.Version;
        }

        return null;
    }
}
