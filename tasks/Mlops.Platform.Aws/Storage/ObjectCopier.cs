using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Storage;

/// <summary>Copies objects from one region to another: S3 does it, and nothing goes through this machine.</summary>
/// <param name="account">That the bucket has to be of.</param>
internal sealed class ObjectCopier(AwsClients from, AwsClients to, string bucket, string account, string? kmsKey)
{
    /// <summary>CopyObject takes 5 GiB at most; what is larger is copied in parts.</summary>
    private const long PartBytes = 1L << 30;

    /// <summary>Keys are of one version: what is there, of the right size, was copied by a try before. Returns whether it was copied now.</summary>
    public async Task<bool> CopyAsync(string uri, string key, CancellationToken cancellation)
    {
        var source = S3Place.Split(uri);
        var size = (await from.S3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = source.Bucket, Key = source.Key }, cancellation)).ContentLength;
        if (await SizeAsync(key, cancellation) == size)
            return false;
        if (size <= PartBytes)
            await CopyWholeAsync(source, key, cancellation);
        else
            await CopyInPartsAsync(source, key, size, cancellation);
        return true;
    }

    private async Task<long?> SizeAsync(string key, CancellationToken cancellation)
    {
        try
        {
            return (await to.S3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key, ExpectedBucketOwner = account }, cancellation)).ContentLength;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task CopyWholeAsync((string Bucket, string Key) source, string key, CancellationToken cancellation)
    {
        var request = new CopyObjectRequest { SourceBucket = source.Bucket, SourceKey = source.Key, DestinationBucket = bucket, DestinationKey = key, ExpectedBucketOwner = account };
        await to.S3.CopyObjectAsync(request.EncryptedWith(kmsKey), cancellation);
    }

    private async Task CopyInPartsAsync((string Bucket, string Key) source, string key, long size, CancellationToken cancellation)
    {
        var start = new InitiateMultipartUploadRequest { BucketName = bucket, Key = key, ExpectedBucketOwner = account };
        var upload = (await to.S3.InitiateMultipartUploadAsync(start.EncryptedWith(kmsKey), cancellation)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            for (var first = 0L; first < size; first += PartBytes)
            {
                var part = await to.S3.CopyPartAsync(new CopyPartRequest
                {
                    SourceBucket = source.Bucket,
                    SourceKey = source.Key,
                    DestinationBucket = bucket,
                    DestinationKey = key,
                    UploadId = upload,
                    PartNumber = parts.Count + 1,
                    FirstByte = first,
                    LastByte = Math.Min(first + PartBytes, size) - 1,
                    ExpectedBucketOwner = account,
                }, cancellation);
                parts.Add(new PartETag(part));
            }

            await to.S3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = parts, ExpectedBucketOwner = account }, cancellation);
        }
        catch
        {
            await Uploader.TryAbortAsync(to, bucket, account, key, upload);
            throw;
        }
    }
}
