using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Amazon.ECR.Model;
using Amazon.S3;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Registry;
using Mlops.Platform.Aws.Stacks;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws;

/// <summary>Takes a model's data, runs, versions and images away for good, in every account and region.</summary>
internal sealed partial class ModelEraser(AwsAccess access, AwsClients home, string account, DeploymentDefinition deployment, S3ObjectStore objects, DeployLock held, SageMakerModels models, IEventSink events)
{
    private string Below => deployment.Prefix + "/";

    private string LockKey => Below + AwsPlatform.LockName;

    /// <summary>Refuses where something that is to go belongs to another model, or is still served.</summary>
    /// <param name="stagesAreKnown">The stages are deleted before; else the build's stack, which knows of them, is gone.</param>
    public async Task CheckAsync(bool stagesAreKnown, CancellationToken cancellation)
    {
        foreach (var stage in stagesAreKnown ? [] : deployment.Stages)
        {
            var name = $"{deployment.ModelName}-{stage.Name}";
            if (await new StackClient(await access.OpenAsync(stage.Aws, cancellation), events).FindAsync(name, cancellation) is not null)
                throw AwsErrors.StillServed(stage.Name, name).ToException();
        }

        // A bucket of the model's own holds nothing else.
        if (deployment.Aws.Bucket is null)
            return;
        foreach (var key in await objects.KeysAsync(Below, cancellation))
        {
            var path = key[Below.Length..];
            if (OfAnother().Match(path) is { Success: true })
                throw AwsErrors.OtherModelsData(objects.Bucket, key, deployment.Prefix).ToException();
            if (path.Split('/') is ["provenance", var group, _, ..] && group != deployment.ModelPackageGroupName)
                throw AwsErrors.OtherModelsData(objects.Bucket, key, deployment.Prefix).ToException();
        }
    }

    /// <summary>Returns whether anything was there. What one bucket refuses is said when all the rest is gone.</summary>
    public async Task<bool> EraseAsync(CancellationToken cancellation)
    {
        var hasBucket = await TryHoldAsync(cancellation);
        var versions = await models.EraseAsync(deployment.ModelPackageGroupName, cancellation);
        foreach (var stage in deployment.Stages)
        {
            var there = await access.OpenAsync(stage.Aws, cancellation);
            if (there.Region.SystemName != home.Region.SystemName)
                versions += await RegionalVersions.EraseAsync(there, deployment.ModelPackageGroupName, home.Region.SystemName, cancellation);
        }

        var (erased, refused) = (0, new List<Problem>());
        foreach (var stage in deployment.Stages.Where(s => s.Aws.Bucket is { } other && other != objects.Bucket).DistinctBy(s => s.Aws.Bucket))
        {
            var there = await access.OpenAsync(stage.Aws, cancellation);
            await EraseBucketAsync(new BucketEraser(there, stage.Aws.Bucket!, (await there.IdentityAsync(cancellation)).Account), _ => true);
        }

        var own = new BucketEraser(home, objects.Bucket, account);
        // The lock keeps others out until nothing but it is left.
        if (hasBucket)
            await EraseBucketAsync(own, key => key != LockKey);
        var images = await DeleteImagesAsync(cancellation);
        if (refused.Count > 0)
        {
            foreach (var problem in refused.SkipLast(1))
                events.Add(problem);
            throw refused[^1].ToException();
        }

        await held.ReleaseAsync();
        await own.EraseAsync(LockKey, _ => true, cancellation);
        var kept = deployment.Aws.Bucket is not null ? "config.yaml names it" : hasBucket ? await own.DeleteBucketAsync(cancellation) : null;
        events.Add(new Notice(string.Create(CultureInfo.InvariantCulture, $"Erased: {versions} versions of '{deployment.ModelPackageGroupName}'{(images ? ", the program's images" : "")} and {erased} objects below '{Below}'.{(kept is null ? "" : $" Kept: the bucket '{objects.Bucket}': {kept}.")}")));
        return versions + erased > 0 || images;

        async Task EraseBucketAsync(BucketEraser eraser, Func<string, bool> isMeant)
        {
            try
            {
                erased += await eraser.EraseAsync(Below, isMeant, cancellation);
            }
            catch (PlatformException e)
            {
                refused.Add(e.Problem);
            }
        }
    }

    /// <returns>False: there is no bucket, and so nobody else at work either.</returns>
    private async Task<bool> TryHoldAsync(CancellationToken cancellation)
    {
        try
        {
            await held.HoldAsync(cancellation);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task<bool> DeleteImagesAsync(CancellationToken cancellation)
    {
        if (deployment.Container is null)
            return false;
        try
        {
            // As the template of the build names it.
            await home.Ecr.DeleteRepositoryAsync(new DeleteRepositoryRequest { RepositoryName = $"{deployment.ModelName}-program", Force = true }, cancellation);
            return true;
        }
        catch (RepositoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>What every model has below its prefix, below another prefix that begins like this one.</summary>
    [GeneratedRegex("^.+/(audit|provenance|templates)/")]
    private static partial Regex OfAnother();
}
