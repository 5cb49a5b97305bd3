using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>What a deploy would do, in the order in which it would; nothing is changed.</summary>
public static class PlanVerb
{
    /// <summary>How many executions back are looked at.</summary>
    private const int LookedAt = 20;

    public static async Task<Plan> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var (workspace, platform, events) = context;
        workspace.Fresh().RefuseGaps(platform.Name, events);
        var deployment = workspace.Deployment;
        List<PlannedChange> changes = [.. await platform.PlanPrepareAsync(workspace, cancellation)];
        var steps = await PublishAsync(context, changes, cancellation);
        changes.AddRange(steps);
        var newest = platform.IsPrepared ? (await platform.Models.ListAsync(deployment.ModelPackageGroupName, cancellation)).MaxBy(v => v.Version) : null;
        var version = steps.Count == 0 ? newest : null;
        if (steps.Count > 0 || newest is null)
            changes.Add(new PlannedChange("Add", "version", deployment.ModelPackageGroupName, $"version {(newest?.Version ?? 0) + 1}, if the gates hold"));
        foreach (var stage in deployment.Stages)
            changes.AddRange(await StageAsync(context, stage, version, cancellation));
        return new Plan(deployment.ModelName, platform.Name, ContentHash.Of(Path.Combine(workspace.Artifacts, "manifest.json")), changes);
    }

    /// <returns>The steps that would run.</returns>
    private static async Task<IReadOnlyList<PlannedChange>> PublishAsync(VerbContext context, List<PlannedChange> changes, CancellationToken cancellation)
    {
        var (workspace, platform, _) = context;
        var deployment = workspace.Deployment;
        if (!platform.IsPrepared)
        {
            changes.AddRange(deployment.Sources.Select(s => new PlannedChange("Add", "code", s.File)));
            changes.AddRange(deployment.Data.Where(d => !d.Source.StartsWith("s3://", StringComparison.Ordinal)).Select(d => new PlannedChange("Add", "data", d.Name)));
            changes.Add(new PlannedChange("Add", "pipeline", deployment.PipelineName));
            return StepPlan.Of(null, workspace.Pipeline);
        }

        foreach (var bundle in deployment.Sources)
        {
            if (!await platform.Objects.HasBundleAsync(bundle, cancellation))
                changes.Add(new PlannedChange("Add", "code", bundle.File));
        }

        var uris = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var data in deployment.Data)
        {
            var found = await PublishVerb.DataAsync(context, data, platform.Objects.LocateDataAsync, cancellation);
            uris[data.Parameter] = found.S3Uri;
            if (found.Stored)
                changes.Add(new PlannedChange("Add", "data", data.Name, found.S3Uri));
        }

        var now = await PublishVerb.DefineAsync(context, uris, cancellation);
        var before = await platform.Pipelines.FindAsync(deployment.PipelineName, cancellation);
        if (before is null)
            changes.Add(new PlannedChange("Add", "pipeline", deployment.PipelineName));
        else if (!JsonNode.DeepEquals(before.ToJson(), now.ToJson()))
            changes.Add(new PlannedChange("Change", "pipeline", deployment.PipelineName));
        // A selective execution does not stand for the whole pipeline.
        var last = before is null ? null : (await platform.Pipelines.NewestAsync(deployment.PipelineName, LookedAt, whole: false, cancellation)).FirstOrDefault(r => !r.IsSelective);
        var steps = StepPlan.Of(last is null ? null : before, now);
        return steps.Count > 0 || last is { Status: "Succeeded" } ? steps : [new PlannedChange("Run", "step", "*", $"the last execution is {last!.Status}: steps that succeeded in it are taken from the cache")];
    }

    private static async Task<IReadOnlyList<PlannedChange>> StageAsync(VerbContext context, Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var platform = context.Platform;
        if (!platform.IsPrepared)
            return [new PlannedChange("Add", "stage", stage.Name, stage.Approval == StageApproval.Manual ? "once it is approved" : null)];
        var decision = version is null ? null : (await platform.Models.DecisionAsync(version.Group, version.Version, stage.Name, cancellation))?.Decision;
        // Nothing happens to a stage that has to be approved first, or that a version is kept out of.
        return decision == "Rejected" || (stage.Approval == StageApproval.Manual && decision != "Approved") ? [] : await platform.Stages.PlanAsync(stage, version, cancellation);
    }
}
