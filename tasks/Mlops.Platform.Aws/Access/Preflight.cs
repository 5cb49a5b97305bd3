using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Access;

/// <summary>What is looked at before anything is changed: where the stages are, and the buckets and roles that the user brings.</summary>
internal sealed class Preflight(AwsAccess access, AwsClients home, Workspace workspace)
{
    private DeploymentDefinition Deployment => workspace.Deployment;

    /// <summary>The account, role and region of the build and of these stages, before the first change in any of them.</summary>
    /// <param name="isFirst">Whether nothing was published yet with the bucket and role of the build: once something was, every deploy looks into what is there.</param>
    /// <param name="isNew">Whether the stack of a stage is yet to be made.</param>
    public async Task CheckAsync(bool isFirst, IReadOnlyList<Stage> stages, Func<Stage, Task<bool>> isNew, CancellationToken cancellation)
    {
        foreach (var stage in stages)
        {
            var there = await access.OpenAsync(stage.Aws, cancellation);
            // The archives of versions are copied to where they serve.
            if (there.Region.SystemName != home.Region.SystemName && (stage.Aws.Bucket is null || stage.Aws.Bucket == Deployment.Aws.Bucket))
                throw workspace.At(AwsErrors.OtherRegion(stage.Name, there.Region.SystemName, home.Region.SystemName), stage.Place).ToException();
            var (bucket, role) = (stage.Aws.Bucket == Deployment.Aws.Bucket ? null : stage.Aws.Bucket, stage.Aws.ExecutionRole == Deployment.Aws.ExecutionRole ? null : stage.Aws.ExecutionRole);
            if ((bucket ?? role) is null || !await isNew(stage))
                continue;
            if (bucket is not null)
                await CheckBucketAsync(there, bucket, mustBeOpen: false, cancellation);
            if (role is not null)
                await RoleCheck.CheckAsync(there, role, cancellation);
        }

        if (isFirst && Deployment.Aws.ExecutionRole is { } given)
            await RoleCheck.CheckAsync(home, given, cancellation);

        if (isFirst && Deployment.Aws.Bucket is { } shared)
            await CheckBucketAsync(home, shared, mustBeOpen: true, cancellation);
    }

    /// <summary>That a bucket is there, and whose it has to be; once something was published, every deploy looks into it.</summary>
    /// <param name="mustBeOpen">Whether a deploy itself writes there; else only what it makes does.</param>
    private async Task CheckBucketAsync(AwsClients clients, string bucket, bool mustBeOpen, CancellationToken cancellation)
    {
        var account = (await clients.IdentityAsync(cancellation)).Account;
        try
        {
            // Of a bucket elsewhere SageMaker uses nothing, and says so with the first job alone.
            if ((await clients.S3.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket, ExpectedBucketOwner = account }, cancellation)).BucketRegion is { Length: > 0 } region && region != clients.Region.SystemName)
                throw AwsErrors.BucketElsewhere(bucket, region, clients.Region.SystemName).ToException();
            await clients.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = Deployment.Prefix + "/", MaxKeys = 1, ExpectedBucketOwner = account }, cancellation);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw AwsErrors.NoBucket(bucket).ToException();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.MovedPermanently || e.ErrorCode is "PermanentRedirect" or "AuthorizationHeaderMalformed")
        {
            throw AwsErrors.BucketElsewhere(bucket, "another region", clients.Region.SystemName).ToException();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            if (mustBeOpen)
                throw AwsErrors.ForeignBucket(bucket, account).ToException();
        }
    }
}
