using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Storage;

/// <summary>Takes objects away for good: every version of them, and what marks deleted ones.</summary>
internal sealed class BucketEraser(AwsClients clients, string bucket, string account)
{
    /// <summary>Deletes what lies below a prefix. Returns how many versions went.</summary>
    /// <param name="isMeant">Of a key.</param>
    /// <param name="holds">Asked before anything is deleted: it throws where that is no longer allowed.</param>
    /// <exception cref="PlatformException">Some may not be deleted: all others were.</exception>
    public async Task<int> EraseAsync(string prefix, Func<string, bool> isMeant, Func<Task> holds, CancellationToken cancellation)
    {
        var (erased, refused) = (0, new List<DeleteError>());
        var request = new ListVersionsRequest { BucketName = bucket, Prefix = prefix, ExpectedBucketOwner = account };
        try
        {
            while (true)
            {
                var page = await clients.S3.ListVersionsAsync(request, cancellation);
                var meant = (page.Versions ?? []).Where(v => isMeant(v.Key)).Select(v => new KeyVersion { Key = v.Key, VersionId = v.VersionId }).ToList();
                await holds();
                var failed = await DeleteAsync(meant, cancellation);
                erased += meant.Count - failed.Count;
                refused.AddRange(failed);
                if (page.IsTruncated != true)
                    break;
                (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
            }
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return erased;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw AwsErrors.MayNotErase(bucket, $"{e.ErrorCode}: {e.Message}").ToException();
        }

        return refused.Count == 0 ? erased : throw AwsErrors.NotErased(bucket, refused.Count, refused[0].Key, $"{refused[0].Code}: {refused[0].Message}").ToException();
    }

    /// <summary>The keys below a prefix; none where there is no bucket, or where it may not be listed: erasing says so.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(string prefix, CancellationToken cancellation)
    {
        var (found, request) = (new List<string>(), new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ExpectedBucketOwner = account });
        try
        {
            do
            {
                var page = await clients.S3.ListObjectsV2Async(request, cancellation);
                found.AddRange((page.S3Objects ?? []).Select(o => o.Key));
                request.ContinuationToken = page.NextContinuationToken;
            }
            while (request.ContinuationToken is not null);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return [];
        }

        return found;
    }

    /// <summary>Deletes the bucket, if nothing is left in it. Returns why it stays; null: it is gone.</summary>
    public async Task<string?> DeleteBucketAsync(CancellationToken cancellation)
    {
        try
        {
            await clients.S3.DeleteBucketAsync(new DeleteBucketRequest { BucketName = bucket, ExpectedBucketOwner = account }, cancellation);
            return null;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "BucketNotEmpty")
        {
            return "it holds objects that are not of this model";
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return "this identity may not delete it (s3:DeleteBucket)";
        }
    }

    private async Task<IReadOnlyList<DeleteError>> DeleteAsync(List<KeyVersion> versions, CancellationToken cancellation)
    {
        if (versions.Count == 0)
            return [];
        try
        {
            await clients.S3.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = bucket, Objects = versions, Quiet = true, ExpectedBucketOwner = account }, cancellation);
            return [];
        }
        catch (DeleteObjectsException e)
        {
            return e.Response.DeleteErrors;
        }
    }
}
