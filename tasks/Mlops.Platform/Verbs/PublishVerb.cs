using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>Sends code, data and the definition to the platform: what is there is not sent again.</summary>
public static class PublishVerb
{
    /// <returns>Whether anything was sent.</returns>
    public static async Task<bool> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var (workspace, platform, events) = context;
        workspace.Fresh().RefuseGaps(platform.Name, events);
        var deployment = workspace.Deployment;
        var changed = await platform.PrepareAsync(workspace, cancellation);
        foreach (var bundle in deployment.Sources)
            changed |= await platform.Objects.PutBundleAsync(bundle, Path.Combine(workspace.Artifacts, bundle.File), cancellation);

        var values = new Dictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            [PublishedParameters.ExecutionRole] = platform.ExecutionRole,
            [PublishedParameters.Bucket] = platform.Objects.Bucket,
        };
        if (workspace.Pipeline.Parameters.Any(p => p.Name == PublishedParameters.GitCommit))
            values[PublishedParameters.GitCommit] = GitState.Commit(workspace.Repository) ?? "none";
        foreach (var data in deployment.Data)
        {
            var (uri, stored) = await PutDataAsync(context, data, cancellation);
            values[data.Parameter] = uri;
            changed |= stored;
        }

        foreach (var image in deployment.Images)
            values[image.Parameter] = platform.ImageFor(image);
        await AddBaselinesAsync(context, values, cancellation);

        changed |= await platform.Pipelines.PutAsync(deployment.PipelineName, workspace.Pipeline.WithDefaults(values), cancellation);
        events.Add(new Published(deployment.PipelineName, changed));
        return changed;
    }

    private static async Task<(string Uri, bool Stored)> PutDataAsync(VerbContext context, PublishedData data, CancellationToken cancellation)
    {
        if (data.Source.StartsWith("s3://", StringComparison.Ordinal))
            return (data.Source, false);
        var path = context.Workspace.FullPath(data.Source);
        if (!Path.Exists(path))
            throw PlatformErrors.DataMissing(data.Name, data.Source).ToException();
        var stored = await context.Platform.Objects.PutDataAsync(data.Name, path, $"{context.Workspace.Deployment.Prefix}/data/{data.Name}", cancellation);
        return (stored.S3Uri, stored.Stored);
    }

    /// <summary>max_drop and max_rise become limits once a version is approved; until then every value meets them.</summary>
    private static async Task AddBaselinesAsync(VerbContext context, Dictionary<string, JsonNode> values, CancellationToken cancellation)
    {
        var gates = context.Workspace.Deployment.Gates.Where(g => g.MaxDrop is not null || g.MaxRise is not null).ToList();
        if (gates.Count == 0 || await context.Platform.Models.ApprovedMetricsAsync(context.Workspace.Deployment.ModelPackageGroupName, cancellation) is not { } approved)
            return;
        foreach (var gate in gates)
        {
            if (!approved.TryGetValue(gate.Path, out var value))
                continue;
            if (gate.MaxDrop is { } drop)
                values[drop.Parameter] = value - drop.Amount;
            if (gate.MaxRise is { } rise)
                values[rise.Parameter] = value + rise.Amount;
        }
    }
}
