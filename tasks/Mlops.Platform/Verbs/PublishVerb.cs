using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>Sends code, data and the definition to the platform: what is there is not sent again.</summary>
public static class PublishVerb
{
    /// <param name="stages">As of <see cref="IPlatform.PrepareAsync"/>: those that a deploy goes on with; null: none.</param>
    /// <returns>Whether anything was sent.</returns>
    public static async Task<bool> RunAsync(VerbContext context, CancellationToken cancellation, IReadOnlyList<Stage>? stages = null)
    {
        var (workspace, platform, events) = context;
        workspace.Fresh().RefuseGaps(platform.Name, events);
        var deployment = workspace.Deployment;
        platform.LookAhead();
        var changed = await platform.PrepareAsync(stages ?? [], cancellation);
        foreach (var bundle in deployment.Sources)
            changed |= await platform.Objects.PutBundleAsync(bundle, Path.Combine(workspace.Artifacts, bundle.File), cancellation);

        var (places, hashes) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var data in deployment.Data)
        {
            var found = await DataAsync(context, data, platform.Objects.PutDataAsync, cancellation);
            places[data.Parameter] = found.S3Uri;
            if (found.Sha256.Length > 0)
                hashes[data.Name] = found.Sha256;
            changed |= found.Stored;
        }

        DataLock.Write(workspace, hashes, events);

        changed |= await ImagesAsync(context, places, cancellation);
        changed |= await platform.Pipelines.PutAsync(deployment.PipelineName, await DefineAsync(context, places, cancellation), cancellation);
        events.Add(new Published(deployment.PipelineName, changed));
        return changed;
    }

    /// <summary>Makes every image be there, and notes its URI by parameter. Returns whether any was made.</summary>
    public static async Task<bool> ImagesAsync(VerbContext context, Dictionary<string, string> places, CancellationToken cancellation)
    {
        var made = false;
        foreach (var image in context.Workspace.Deployment.Images)
        {
            var found = await context.Platform.PutImageAsync(image, cancellation);
            places[image.Parameter] = found.Uri;
            made |= found.Stored;
        }

        return made;
    }

    /// <summary>The definition with the values that belong to this place.</summary>
    /// <param name="places">The URI of each data set and image, by parameter.</param>
    public static async Task<PipelineDefinition> DefineAsync(VerbContext context, IReadOnlyDictionary<string, string> places, CancellationToken cancellation)
    {
        var (workspace, platform) = (context.Workspace, context.Platform);
        var values = new Dictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            [PublishedParameters.ExecutionRole] = platform.ExecutionRole,
            [PublishedParameters.Bucket] = platform.Objects.Bucket,
        };
        if (Takes(PublishedParameters.GitCommit))
            values[PublishedParameters.GitCommit] = GitState.Commit(workspace.Repository) ?? "none";
        if (Takes(PublishedParameters.S3DataVersion) && await platform.Objects.VersionAsync([.. workspace.Deployment.Data.Where(d => d.IsInS3 && Takes(d.Parameter)).Select(d => d.Source)], cancellation) is { } version)
            values[PublishedParameters.S3DataVersion] = version;

        foreach (var (parameter, uri) in places)
            values[parameter] = uri;
        foreach (var (parameter, limit) in await GateCheck.LimitsAsync(context, cancellation))
            values[parameter] = limit;
        return workspace.Pipeline.WithDefaults(values);

        bool Takes(string parameter) => workspace.Pipeline.Parameters.Any(p => p.Name == parameter);
    }

    /// <summary>Where a data set is, and whether it was, or would be, sent. One that lies in S3 has no hash.</summary>
    public static async Task<StoredData> DataAsync(VerbContext context, PublishedData data, Func<string, string, string, CancellationToken, Task<StoredData>> put, CancellationToken cancellation)
    {
        if (data.IsInS3)
            return new StoredData(data.Source, "", Stored: false);
        var path = context.Workspace.FullPath(data.Source);
        if (!Path.Exists(path))
            throw PlatformErrors.DataMissing(data.Name, data.Source).ToException();
        return await put(data.Name, path, $"{context.Workspace.Deployment.Prefix}/data/{data.Name}", cancellation);
    }
}
