using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Storage;

/// <summary>Something to send: bytes, or a file of this machine.</summary>
internal sealed record UploadFile(string Key, long Length, byte[]? Content, string? Path)
{
    public static UploadFile Of(string key, byte[] content) => new(key, content.Length, content, null);
}

/// <summary>
/// Sends many files at once, large ones in parts, each with its SHA-256, which S3 checks. What is held in memory is bounded by the number of senders
/// and the size of a part.
/// </summary>
internal sealed class Uploader(AwsClients clients, string bucket, string account, string? kmsKey)
{
    /// <summary>Of a part: S3 takes 5 MiB to 5 GiB, and at most 10,000 parts.</summary>
    private const int PartBytes = 5 << 20;

    private const int MostParts = 10_000;

    /// <summary>Parts in memory at once: 30 MiB.</summary>
    private const int PartsAtOnce = 6;

    private const int FilesBetweenCollections = 100;

    private int sent;

    public async Task SendAsync(IReadOnlyList<UploadFile> files, CancellationToken cancellation)
    {
        var small = new ParallelOptions { MaxDegreeOfParallelism = AwsClients.Connections, CancellationToken = cancellation };
        await Parallel.ForEachAsync(files.Where(f => f.Length <= PartBytes), small, async (file, token) => await SendWholeAsync(file, token));
        foreach (var file in files.Where(f => f.Length > PartBytes))
            await SendInPartsAsync(file, cancellation);
    }

    private async Task SendWholeAsync(UploadFile file, CancellationToken cancellation)
    {
        var content = file.Content ?? await File.ReadAllBytesAsync(file.Path!, cancellation);
        using var stream = new MemoryStream(content, writable: false);
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = file.Key,
            InputStream = stream,
            AutoCloseStream = false,
            ChecksumSHA256 = Convert.ToBase64String(SHA256.HashData(content)),
            ExpectedBucketOwner = account,
            UseChunkEncoding = false,
        };
        await clients.S3.PutObjectAsync(request.EncryptedWith(kmsKey), cancellation);
        // A request leaves some 20 KB behind, and the collector waits for as much as the processor's cache holds: tens of megabytes.
        if (Interlocked.Increment(ref sent) % FilesBetweenCollections == 0)
            GC.Collect(0);
    }

    private async Task SendInPartsAsync(UploadFile file, CancellationToken cancellation)
    {
        var start = new InitiateMultipartUploadRequest { BucketName = bucket, Key = file.Key, ChecksumAlgorithm = ChecksumAlgorithm.SHA256, ExpectedBucketOwner = account };
        var upload = (await clients.S3.InitiateMultipartUploadAsync(start.EncryptedWith(kmsKey), cancellation)).UploadId;
        try
        {
            var size = Math.Max(PartBytes, (file.Length + MostParts - 1) / MostParts);
            var parts = new PartETag[(file.Length + size - 1) / size];
            using var handle = file.Path is { } path ? File.OpenHandle(path, options: FileOptions.Asynchronous) : null;
            var options = new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = cancellation };
            await Parallel.ForAsync(0, parts.Length, options, async (i, token) => parts[i] = await SendPartAsync(file, handle, upload, i, size, token));
            await clients.S3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = file.Key, UploadId = upload, PartETags = [.. parts], ExpectedBucketOwner = account }, cancellation);
        }
        catch
        {
            // Parts of an upload that never ends are paid for. The bucket's lifecycle removes what this cannot.
            await TryAbortAsync(clients, bucket, account, file.Key, upload);
            throw;
        }
    }

    private async Task<PartETag> SendPartAsync(UploadFile file, Microsoft.Win32.SafeHandles.SafeFileHandle? handle, string upload, int index, long size, CancellationToken cancellation)
    {
        var offset = index * size;
        var length = (int)Math.Min(size, file.Length - offset);
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = 0;
            if (handle is null)
                file.Content.AsSpan((int)offset, read = length).CopyTo(rented);
            while (read < length)
            {
                var got = await RandomAccess.ReadAsync(handle!, rented.AsMemory(read, length - read), offset + read, cancellation);
                read += got > 0 ? got : throw new EndOfStreamException($"'{file.Path}' became shorter while it was sent.");
            }

            using var stream = new MemoryStream(rented, 0, length, writable: false);
            var checksum = Convert.ToBase64String(SHA256.HashData(rented.AsSpan(0, length)));
            var answer = await clients.S3.UploadPartAsync(new UploadPartRequest
            {
                BucketName = bucket,
                Key = file.Key,
                UploadId = upload,
                PartNumber = index + 1,
                PartSize = length,
                InputStream = stream,
                ChecksumSHA256 = checksum,
                ExpectedBucketOwner = account,
                UseChunkEncoding = false,
            }, cancellation);
            return new PartETag(index + 1, answer.ETag) { ChecksumSHA256 = checksum };
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public static async Task TryAbortAsync(AwsClients clients, string bucket, string account, string key, string upload)
    {
        try
        {
            await clients.S3.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, ExpectedBucketOwner = account }, CancellationToken.None);
        }
        catch (Exception e) when (Failures.Explain(e, "") is not null)
        {
            // It failed already; that is what the caller hears of.
        }
    }
}
