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

    /// <param name="parameters">Of the run, as of <see cref="RunRequest.Parameters"/>.</param>
    public static async Task<Plan> RunAsync(VerbContext context, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation)
    {
        var (workspace, platform, events) = context;
        workspace.Fresh().RefuseGaps(platform.Name, events);
        RunVerb.CheckParameters(workspace.Pipeline, parameters);
        var deployment = workspace.Deployment;
        List<PlannedChange> changes = [.. await platform.PlanPrepareAsync(cancellation)];
        await platform.CheckServingAsync(deployment.Stages, cancellation);
        var (steps, made, pipeline) = await PublishChangesAsync(context, parameters, changes, cancellation);
        changes.AddRange(steps);
        var newest = platform.IsPrepared ? (await platform.Models.ListAsync(deployment.ModelPackageGroupName, cancellation)).MaxBy(v => v.Version) : null;
        var version = made is { } number && number != newest?.Version ? await platform.Models.FindAsync(deployment.ModelPackageGroupName, number, cancellation) : steps.Count == 0 ? newest : null;
        if (version is null)
            changes.Add(new PlannedChange("Add", "version", deployment.ModelPackageGroupName, "another version, if the gates hold"));
        var runsNothing = steps.Count == 0 && parameters.Count == 0;
        foreach (var stage in deployment.Stages)
        {
            // As a deploy goes: behind a stage that the version does not enter nothing happens.
            var newer = pipeline is not null && runsNothing && version is not null ? await StageEntry.NewerAsync(context, stage, version, pipeline, cancellation) : null;
            if (newer is not null)
                events.Add(StageEntry.Keeps(stage, newer, version!));
            var (planned, enters) = await StageAsync(context, stage, newer ?? version, cancellation);
            changes.AddRange(planned);
            if (!enters)
                break;
        }

        return new Plan(deployment.ModelName, platform.Name, ContentHash.Of(Path.Combine(workspace.Artifacts, ArtifactFiles.Manifest)), changes) { Parameters = new SortedDictionary<string, string>(parameters.ToDictionary(), StringComparer.Ordinal) };
    }

    /// <summary>Adds what a publish would change.</summary>
    /// <returns>The steps that would run; where there are none, the version that a run of this content made, if it is known; and the definition as it would be published, where there is a place to.</returns>
    private static async Task<(IReadOnlyList<PlannedChange> Steps, int? Version, PipelineDefinition? Pipeline)> PublishChangesAsync(VerbContext context, IReadOnlyDictionary<string, string> parameters, List<PlannedChange> changes, CancellationToken cancellation)
    {
        var (workspace, platform, _) = context;
        var deployment = workspace.Deployment;
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var image in deployment.Images)
        {
            var found = await platform.LocateImageAsync(image, cancellation);
            places[image.Parameter] = found.Uri;
            if (found.Stored)
                changes.Add(new PlannedChange("Add", "container", deployment.Container?.Project ?? image.Framework, found.Uri));
        }

        if (!platform.IsPrepared)
        {
            changes.AddRange(deployment.Sources.Select(s => new PlannedChange("Add", "code", s.File)));
            changes.AddRange(deployment.Data.Where(d => !d.IsInS3).Select(d => new PlannedChange("Add", "data", d.Name)));
            changes.Add(new PlannedChange("Add", "pipeline", deployment.PipelineName));
            return (StepPlan.Of(null, workspace.Pipeline.WithValues(parameters)), null, null);
        }

        foreach (var bundle in deployment.Sources)
        {
            if (!await platform.Objects.HasBundleAsync(bundle, Path.Combine(workspace.Artifacts, bundle.File), cancellation))
                changes.Add(new PlannedChange("Add", "code", bundle.File));
        }

        foreach (var data in deployment.Data)
        {
            var found = await PublishVerb.DataAsync(context, data, platform.Objects.LocateDataAsync, cancellation);
            places[data.Parameter] = found.S3Uri;
            if (found.Stored)
                changes.Add(new PlannedChange("Add", "data", data.Name, found.S3Uri));
        }

        var now = await PublishVerb.DefineAsync(context, places, cancellation);
        var before = await platform.Pipelines.FindAsync(deployment.PipelineName, cancellation);
        if (before is null)
            changes.Add(new PlannedChange("Add", "pipeline", deployment.PipelineName));
        else if (!JsonNode.DeepEquals(before.ToJson(), now.ToJson()))
            changes.Add(new PlannedChange("Change", "pipeline", deployment.PipelineName, platform.Pipelines.WasChangedElsewhere ? "somebody else changed it since it was published" : null));
        var preview = await platform.Pipelines.PreviewAsync(workspace, now, parameters, cancellation);
        if (preview.Version is { } version)
            return ([], version, now);
        // A selective execution does not stand for the whole pipeline.
        var last = before is null ? null : (await platform.Pipelines.NewestAsync(deployment.PipelineName, LookedAt, whole: false, cancellation)).FirstOrDefault(r => !r.IsSelective);
        var steps = StepPlan.Of(last is null ? null : before, now.WithValues(parameters));
        // Nothing differs from what was published, and still a run of this content is not known: the last one had other parameters.
        var reason = preview.Reason ?? (last is null or { Status: "Succeeded" } ? "no execution of this content and these parameters is known: steps that have run with them are taken from the cache"
            : last.Status == "Executing" ? "an execution is under way: where it is of this content and these parameters, it is followed to its end"
            : $"the last execution is {last.Status}: steps that succeeded in it are taken from the cache");
        return (steps.Count > 0 ? steps : [new PlannedChange("Run", "step", "*", reason)], null, now);
    }

    /// <returns>Enters: whether the version does; else a person has to approve first, or it is kept out, and what serves becomes as config.yaml has the stage by now.</returns>
    private static async Task<(IReadOnlyList<PlannedChange> Changes, bool Enters)> StageAsync(VerbContext context, Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var platform = context.Platform;
        if (!platform.IsPrepared)
            return ([new PlannedChange("Add", "stage", stage.Name, stage.Approval == StageApproval.Manual ? "once it is approved" : null)], true);
        if (await AdmitsAsync(version))
            return (await PlanAsync(context, stage, version, cancellation), true);
        var group = context.Workspace.Deployment.ModelPackageGroupName;
        var served = await platform.Stages.DescribeAsync(stage, cancellation) is { Healthy: true, UpToDate: false } serving ? await platform.Models.FindAsync(group, serving.Version, cancellation) : null;
        return (served is not null && await AdmitsAsync(served) ? await PlanAsync(context, stage, served, cancellation) : [], false);

        async Task<bool> AdmitsAsync(ModelVersion? asked) =>
            stage.Admits(asked is null ? null : (await platform.Models.DecisionAsync(asked.Group, asked.Version, stage.Name, cancellation))?.Decision);
    }

    private static async Task<IReadOnlyList<PlannedChange>> PlanAsync(VerbContext context, Stage stage, ModelVersion? version, CancellationToken cancellation)
    {
        var stages = context.Platform.Stages;
        var changes = await stages.PlanAsync(stage, version, cancellation);
        return changes.Count > 0 || version is null || await stages.IsTestedAsync(stage, version.Version, StageTests.HashOf(context.Workspace, stage), cancellation) ? changes
            : [new PlannedChange("Run", "tests", stage.Name, $"version {version.Version} has not passed these tests")];
    }
}
