using System.Globalization;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Storage;

/// <summary>
/// One bucket. Keys hold the hash of what lies under them, so an object that is there, of the right size, is the right one. All requests name the account that
/// the bucket has to be of.
/// </summary>
internal sealed class S3ObjectStore(AwsClients clients, string bucket, string account, string? kmsKey, LocalData local, DeployLock held, IEventSink events) : IObjectStore
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, long>> listed = new(StringComparer.Ordinal);
    private readonly HashSet<string> tooMany = new(StringComparer.Ordinal);
    private readonly Uploader uploader = new(clients, bucket, account, kmsKey);

    public string Bucket => bucket;

    public async Task<bool> PutBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation)
    {
        return await SendAsync(await MissingAsync(bundle, tarFile, cancellation), cancellation);
    }

    public async Task<bool> HasBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation) => (await MissingAsync(bundle, tarFile, cancellation)).Count == 0;

    /// <summary>The files of a bundle that are not there whole.</summary>
    private async Task<IReadOnlyList<UploadFile>> MissingAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation)
    {
        if (!File.Exists(tarFile))
            throw AwsErrors.ArtifactMissing(bundle.File).ToException();
        // One request tells of all bundles of a kind, until there are too many earlier ones.
        var there = await ListPageAsync(bundle.Key[..(bundle.Key.LastIndexOf('/') + 1)], cancellation) ?? await ListAsync(bundle.Key + "/", cancellation);
        var files = bundle.Archive && there.ContainsKey($"{bundle.Key}/{BundleFiles.ArchiveName}") ? [] : await BundleFiles.ReadAsync(bundle, tarFile, cancellation);
        return [.. files.Where(f => there.GetValueOrDefault(f.Key, -1) != f.Length)];
    }

    public async Task<StoredData> LocateDataAsync(string name, string path, string prefix, CancellationToken cancellation)
    {
        var (stored, missing) = await CompareAsync(path, prefix, cancellation);
        return stored with { Stored = missing.Count > 0 };
    }

    public async Task<StoredData> PutDataAsync(string name, string path, string prefix, CancellationToken cancellation)
    {
        var (stored, missing) = await CompareAsync(path, prefix, cancellation);
        bool sent, isSame;
        try
        {
            sent = await SendAsync(missing, cancellation);
            isSame = !sent || local.HashOf(path) == stored.Sha256;
        }
        catch (IOException e) when (e is EndOfStreamException or FileNotFoundException or DirectoryNotFoundException)
        {
            (sent, isSame) = (true, false);
        }

        // Its key says what it holds, for good: what was written to while it was read must not stay there.
        if (!isSame)
        {
            foreach (var file in missing)
                await clients.S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = file.Key, ExpectedBucketOwner = account }, cancellation);
            throw AwsErrors.DataChanged(name).ToException();
        }

        return stored with { Stored = sent };
    }

    /// <summary>The hash of keys, sizes and entity tags. What may not be listed is "unknown", as the compiler has it: its place alone is known.</summary>
    public async Task<string?> VersionAsync(IReadOnlyList<string> uris, CancellationToken cancellation)
    {
        var lines = new List<string>();
        foreach (var uri in uris.Order(StringComparer.Ordinal))
        {
            var (from, prefix) = S3Place.Split(uri);
            try
            {
                var pages = clients.S3.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = from, Prefix = prefix, ExpectedBucketOwner = from == bucket ? account : null });
                await foreach (var o in pages.S3Objects.WithCancellation(cancellation))
                    lines.Add(string.Create(CultureInfo.InvariantCulture, $"{S3Place.Of(from, o.Key)} {o.Size} {o.ETag}"));
            }
            catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
            {
                events.Add(AwsErrors.DataNotListed(uri, e.ErrorCode));
                return null;
            }
        }

        return Digest.Of(string.Join('\n', lines));
    }

    /// <summary>Makes an object be under a key that holds its hash.</summary>
    public async Task PutAsync(string key, byte[] content, CancellationToken cancellation)
    {
        if (!(await ListAsync(key, cancellation)).ContainsKey(key))
            await SendAsync([UploadFile.Of(key, content)], cancellation);
    }

    /// <summary>Puts an object, in place of one that is there, under a key that nobody else uses or the lock keeps.</summary>
    public Task AddAsync(string key, byte[] content, CancellationToken cancellation) => uploader.SendAsync([UploadFile.Of(key, content)], cancellation);

    /// <summary>Puts an object that nothing may replace, under a key that holds its hash: one that is there is this one, from a try whose answer was lost.</summary>
    public async Task AddOnceAsync(string key, byte[] content, CancellationToken cancellation)
    {
        using var stream = new MemoryStream(content, writable: false);
        var request = new PutObjectRequest { BucketName = bucket, Key = key, InputStream = stream, ExpectedBucketOwner = account, UseChunkEncoding = false, IfNoneMatch = "*" };
        try
        {
            await clients.S3.PutObjectAsync(request.EncryptedWith(kmsKey), cancellation);
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            // It is there, or comes to be there by the same request that was sent twice.
        }
    }

    public async Task<IEnumerable<string>> KeysAsync(string prefix, CancellationToken cancellation) => (await ListAsync(prefix, cancellation)).Keys;

    /// <summary>What was listed may no longer be all.</summary>
    public void Forget() => listed.Clear();

    /// <summary>Null: it is not there.</summary>
    public Task<byte[]?> ReadAsync(string uri, CancellationToken cancellation)
    {
        var (from, key) = S3Place.Split(uri);
        return ReadAsync(from, key, cancellation);
    }

    /// <summary>An object of this bucket; null: it is not there.</summary>
    public Task<byte[]?> ReadKeyAsync(string key, CancellationToken cancellation) => ReadAsync(bucket, key, cancellation);

    private async Task<byte[]?> ReadAsync(string from, string key, CancellationToken cancellation)
    {
        try
        {
            using var answer = await clients.S3.GetObjectAsync(new GetObjectRequest { BucketName = from, Key = key, ExpectedBucketOwner = from == bucket ? account : null }, cancellation);
            using var content = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(content, cancellation);
            return content.ToArray();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Where data lies or would lie, and its files that are not there.</summary>
    private async Task<(StoredData Stored, IReadOnlyList<UploadFile> Missing)> CompareAsync(string path, string prefix, CancellationToken cancellation)
    {
        var (files, hash) = await local.ReadAsync(path);
        var target = $"{prefix}/{hash}";
        var there = await ListAsync(target + "/", cancellation);
        var missing = files.Select(f => new UploadFile($"{target}/{f.Name}", f.Length, null, f.Path)).Where(f => there.GetValueOrDefault(f.Key, -1) != f.Length).ToList();
        return (new StoredData(S3Place.Of(bucket, target), hash, Stored: false), missing);
    }

    private async Task<bool> SendAsync(IReadOnlyList<UploadFile> files, CancellationToken cancellation)
    {
        if (files.Count == 0)
            return false;
        await held.HoldAsync(cancellation);
        await uploader.SendAsync(files, cancellation);
        return true;
    }

    /// <summary>As <see cref="ListAsync"/>, where it is no more than a page; else null.</summary>
    private async Task<IReadOnlyDictionary<string, long>?> ListPageAsync(string prefix, CancellationToken cancellation)
    {
        if (tooMany.Contains(prefix))
            return null;
        if (listed.TryGetValue(prefix, out var known))
            return known;
        var page = await AskAsync(() => clients.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ExpectedBucketOwner = account }, cancellation));
        if (page.IsTruncated != true)
            return listed[prefix] = (page.S3Objects ?? []).ToDictionary(o => o.Key, o => o.Size ?? 0, StringComparer.Ordinal);
        tooMany.Add(prefix);
        return null;
    }

    /// <summary>Sizes by key below a prefix, asked once.</summary>
    private async Task<IReadOnlyDictionary<string, long>> ListAsync(string prefix, CancellationToken cancellation)
    {
        if (listed.TryGetValue(prefix, out var known))
            return known;
        return listed[prefix] = await AskAsync(async () =>
        {
            var found = new Dictionary<string, long>(StringComparer.Ordinal);
            var pages = clients.S3.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ExpectedBucketOwner = account });
            await foreach (var o in pages.S3Objects.WithCancellation(cancellation))
                found[o.Key] = o.Size ?? 0;
            return found;
        });
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw AwsErrors.NoBucket(bucket).ToException();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw AwsErrors.ForeignBucket(bucket, account).ToException();
        }
    }
}
