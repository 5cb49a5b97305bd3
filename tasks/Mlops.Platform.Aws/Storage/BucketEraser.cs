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
        try
        {
            await foreach (var page in PagesOf(prefix).WithCancellation(cancellation))
            {
                var meant = (page.Versions ?? []).Where(v => isMeant(v.Key)).Select(v => new KeyVersion { Key = v.Key, VersionId = v.VersionId }).ToList();
                await holds();
                var failed = await DeleteAsync(meant, cancellation);
                erased += meant.Count - failed.Count;
                refused.AddRange(failed);
            }
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return erased;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw AwsErrors.MayNotErase(bucket, $"{e.ErrorCode}: {Failures.Said(e.Message)}").ToException();
        }

        return refused.Count == 0 ? erased : throw AwsErrors.NotErased(bucket, refused.Count, refused[0].Key, $"{refused[0].Code}: {refused[0].Message}").ToException();
    }

    /// <summary>The keys below a prefix, those of old versions too; none where there is no bucket, or where its versions may not be listed: then nothing of it can be erased either.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(string prefix, CancellationToken cancellation)
    {
        try
        {
            var found = new List<string>();
            await foreach (var page in PagesOf(prefix).WithCancellation(cancellation))
                found.AddRange((page.Versions ?? []).Select(v => v.Key));
            return found;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return [];
        }
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

    private IAsyncEnumerable<ListVersionsResponse> PagesOf(string prefix) =>
        clients.S3.Paginators.ListVersions(new ListVersionsRequest { BucketName = bucket, Prefix = prefix, ExpectedBucketOwner = account }).Responses;

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
