using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.ECR.Model;
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
            var name = ResourceNames.Stack(deployment.ModelName, stage.Name);
            if (await new StackClient(await access.OpenAsync(stage.Aws, cancellation), events).FindAsync(name, cancellation) is { } serving)
                throw AwsErrors.StillServed(stage.Name, name, serving.Region).ToException();
        }

        foreach (var (eraser, bucket, _) in await BucketsAsync(cancellation))
        {
            // A prefix of another name may be that of several models, whose code and data look alike.
            if (deployment.Prefix != deployment.ModelName)
                throw AwsErrors.SharedPrefix(bucket, deployment.Prefix).ToException();
            if ((await eraser.KeysAsync(Below, cancellation)).FirstOrDefault(k => IsOfAnother(k[Below.Length..])) is { } key)
                throw AwsErrors.OtherModelsData(bucket, key, deployment.Prefix).ToException();
        }
    }

    /// <summary>The buckets that others may use as well: all but the one that the stack of the build made.</summary>
    private async Task<IReadOnlyList<(BucketEraser Eraser, string Bucket, string? Stage)>> BucketsAsync(CancellationToken cancellation)
    {
        var found = new List<(BucketEraser, string, string?)>();
        if (deployment.Aws.Bucket is { } given)
            found.Add((new BucketEraser(home, given, account), given, null));
        foreach (var stage in deployment.Stages.Where(s => s.Aws.Bucket is { } other && other != objects.Bucket).DistinctBy(s => s.Aws.Bucket))
        {
            var there = await access.OpenAsync(stage.Aws, cancellation);
            found.Add((new BucketEraser(there, stage.Aws.Bucket!, (await there.IdentityAsync(cancellation)).Account), stage.Aws.Bucket!, stage.Name));
        }

        return found;
    }

    /// <summary>Returns whether anything was there. What one bucket refuses is said when all the rest is gone.</summary>
    public async Task<bool> EraseAsync(CancellationToken cancellation)
    {
        var hasBucket = await held.TryHoldAsync(cancellation);
        var versions = await models.EraseAsync(deployment.ModelPackageGroupName, cancellation);
        var (erased, images, refused) = (0, false, new List<Problem>());
        foreach (var (eraser, _, _) in (await BucketsAsync(cancellation)).Where(b => b.Stage is not null))
            await TryAsync(async () => erased += await eraser.EraseAsync(Below, _ => true, HoldAsync, cancellation));
        // The lock keeps others out until nothing but it is left.
        var own = new BucketEraser(home, objects.Bucket, account);
        if (hasBucket)
            await TryAsync(async () => erased += await own.EraseAsync(Below, key => key != LockKey, HoldAsync, cancellation));
        await TryAsync(async () => images = await DeleteImagesAsync(cancellation));
        events.ThrowIfAny(refused);

        // Its versions go while it is ours: after that another's may lie there.
        await held.StopRenewingAsync();
        if (hasBucket)
            await own.EraseAsync(LockKey, _ => true, HoldAsync, cancellation);
        await held.ReleaseAsync();
        var kept = deployment.Aws.Bucket is not null ? "config.yaml names it" : hasBucket ? await own.DeleteBucketAsync(cancellation) : null;
        events.Add(new Notice(string.Create(CultureInfo.InvariantCulture, $"Erased: {versions} versions of '{deployment.ModelPackageGroupName}'{(images ? ", the program's images" : "")} and {erased} objects below '{Below}'.{(kept is null ? "" : $" Kept: the bucket '{objects.Bucket}': {kept}.")}")));
        return versions + erased > 0 || images;

        // Whoever lost the lock must not delete what another writes under it.
        Task HoldAsync() => hasBucket ? held.HoldAsync(cancellation) : Task.CompletedTask;

        async Task TryAsync(Func<Task> erase)
        {
            try
            {
                await erase();
            }
            catch (PlatformException e)
            {
                await HoldAsync();
                refused.Add(e.Problem);
            }
            catch (Amazon.Runtime.AmazonServiceException e) when (Failures.IsDenied(e))
            {
                refused.Add(Failures.Explain(e, (await home.IdentityAsync(cancellation)).Arn)!);
            }
        }
    }

    private async Task<bool> DeleteImagesAsync(CancellationToken cancellation)
    {
        if (deployment.Container is null)
            return false;
        try
        {
            await home.Ecr.DeleteRepositoryAsync(new DeleteRepositoryRequest { RepositoryName = ResourceNames.Repository(deployment.ModelName), Force = true }, cancellation);
            return true;
        }
        catch (RepositoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Versions of another model, or another prefix within this one.</summary>
    private bool IsOfAnother(string path) => OfAnother().IsMatch(path) || (path.Split('/') is ["provenance", var group, _, ..] && group != deployment.ModelPackageGroupName);

    /// <summary>Below what is not of this model's own kinds, the kinds of another: its prefix lies within this one.</summary>
    [GeneratedRegex("^(?!(archive|async|audit|capture|copies|data|models|monitor|provenance|runs|source|templates)/)[^/]+/(.+/)?(archive|audit|capture|copies|provenance|source|templates)/")]
    private static partial Regex OfAnother();
}
