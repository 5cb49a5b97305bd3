using System.Text;
using System.Text.RegularExpressions;
using Mlops.Definitions;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Storage;

/// <summary>S3 on disk: s3://bucket/key is the file or folder ROOT/s3/bucket/key.</summary>
public sealed partial class LocalObjectStore(LocalRoot root, LocalRegistry registry) : IObjectStore
{
    public const string BucketName = "local";

    public string Bucket => BucketName;

    public Task<bool> PutBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation)
    {
        return Task.FromResult(Put(S3Place.Of(Bucket, bundle.Key), bundle.Sha256, folder =>
        {
            if (bundle.Archive)
                Archives.Compress(tarFile, Path.Combine(folder, "sourcedir.tar.gz"));
            else
                Archives.Unpack(tarFile, folder);
        }));
    }

    public Task<bool> HasBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation) => Task.FromResult(Has(S3Place.Of(Bucket, bundle.Key), bundle.Sha256));

    public Task<StoredData> LocateDataAsync(string name, string path, string prefix, CancellationToken cancellation)
    {
        var (uri, hash) = Locate(path, prefix);
        return Task.FromResult(new StoredData(uri, hash, !Has(uri, hash)));
    }

    public Task<StoredData> PutDataAsync(string name, string path, string prefix, CancellationToken cancellation)
    {
        var (uri, hash) = Locate(path, prefix);
        return Task.FromResult(new StoredData(uri, hash, Put(uri, hash, folder => Files.Copy(path, Directory.Exists(path) ? folder : Path.Combine(folder, Path.GetFileName(path))))));
    }

    /// <summary>Puts a file or folder of this machine where a definition looks for it, beside what lies there; a folder in place of an archive is packed.</summary>
    public void PutSource(string uri, string path)
    {
        if (!Path.Exists(path))
            throw LocalErrors.SourceMissing(uri, path).ToException();
        var target = PathOf(uri);
        if (Directory.Exists(path) && uri.EndsWith(".tar.gz", StringComparison.Ordinal))
        {
            Archives.Pack(path, target);
            return;
        }

        // What was given for it before goes; what steps wrote below it, or other sources put there, stays.
        var record = root.Source(uri.TrimEnd('/'));
        foreach (var earlier in File.Exists(record) ? File.ReadAllLines(record).Select(f => f.Length == 0 ? target : Path.Combine(target, f)).Where(File.Exists) : [])
            DeleteUpTo(earlier, root.Buckets);
        if (File.Exists(path) && !uri.EndsWith('/') && Directory.Exists(target))
            throw PlatformErrors.Definition($"'{path}' is a file, and objects lie below '{uri}' already, which this machine keeps as a folder. Give a folder, or a URI that ends in '/'.").ToException();
        var fresh = $"{target}.{Environment.ProcessId}.tmp";
        Files.Delete(fresh);
        Directory.CreateDirectory(Path.GetDirectoryName(fresh)!);
        string[] put;
        try
        {
            // A prefix that ends in '/' is a folder, also of one file.
            Files.Copy(path, Directory.Exists(path) || !uri.EndsWith('/') ? fresh : Path.Combine(fresh, Path.GetFileName(path)));
            put = File.Exists(fresh) ? [""] : [.. Directory.EnumerateFiles(fresh, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(fresh, f)).Order(StringComparer.Ordinal)];
            if (File.Exists(fresh))
                AtomicFile.Move(fresh, target);
            else
                Files.Merge(fresh, target, LinkRules.AsTheyAre);
        }
        catch (Exception e)
        {
            Files.Delete(fresh);
            File.Delete(fresh);
            if (e is DefinitionException)
                throw PlatformErrors.Definition(e.Message).ToException();
            throw;
        }

        AtomicFile.Write(record, Encoding.UTF8.GetBytes(string.Concat(put.Select(f => f + "\n"))));
    }

    /// <summary>Deletes a file, and the folders above it that are empty then.</summary>
    private static void DeleteUpTo(string file, string bound)
    {
        File.Delete(file);
        for (var folder = Path.GetDirectoryName(file)!; folder.Length > bound.Length && !Directory.EnumerateFileSystemEntries(folder).Any(); folder = Path.GetDirectoryName(folder)!)
            Directory.Delete(folder);
    }

    /// <summary>The file or folder of an S3 URI, there or not.</summary>
    public string PathOf(string uri)
    {
        uri = ToUri(uri);
        // A key may have empty parts ("a//b", a slip of Std:Join): a folder has no such names.
        var parts = S3Place.IsOne(uri) && S3Place.Split(uri).Bucket.Length > 0 ? uri[S3Place.Scheme.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries) : [];
        // Names that mean something to Windows lead out of the folder there.
        if (parts.Length == 0 || parts.Any(p => p is "." or ".." || (OperatingSystem.IsWindows() && p.IndexOfAny(['\\', ':']) >= 0)))
            throw LocalErrors.WrongUri(uri).ToException();
        return Path.Combine([root.Buckets, .. parts]);
    }

    /// <summary>The file or folder of an S3 URI that is there.</summary>
    public string ExistingPathOf(string uri)
    {
        var path = PathOf(uri);
        return Path.Exists(path) ? path : throw LocalErrors.ObjectMissing(uri, path).ToException();
    }

    /// <summary>The hash of what lies below an S3 URI: computed once, and again when a file of it has changed.</summary>
    public string HashOf(string uri) => HashOf(uri, ExistingPathOf(uri));

    /// <summary>Whether what was recorded under an S3 URI is there, and unchanged since.</summary>
    public bool IsIntact(string uri) => Path.Exists(PathOf(uri)) && registry.ObjectHash(uri, ContentHash.Stamp(PathOf(uri))) is not null;

    /// <summary>Whether the code at '.../HASH/sourcedir.tar.gz' is of that hash; where the key names none, it cannot be known and counts as such.</summary>
    public bool IsWhatItsKeySays(string uri)
    {
        var key = uri.TrimEnd('/').Split('/');
        return key.Length < 2 || !Digest.IsOne(key[^2]) || ContentHash.Of(ExistingPathOf(uri)) == key[^2];
    }

    /// <summary>What a step wrote under an S3 URI, to be recorded with the step's end.</summary>
    public StoredObject Describe(string uri) => new(uri, ContentHash.Of(PathOf(uri)), ContentHash.Stamp(PathOf(uri)));

    public Task<string?> VersionAsync(IReadOnlyList<string> uris, CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <summary>Whether a text is an S3 URI of something that is there.</summary>
    public bool IsThere(string text) =>
        IsUri(text) && ToUri(text)[S3Place.Scheme.Length..].Split('/') is [not "", ..] parts && !parts.Any(p => p is "." or "..") && Path.Exists(PathOf(text));

    /// <summary>The files and folders whose names begin as a key that is not there ends, in ordinal order: S3 takes any beginning of a key for a prefix.</summary>
    public IReadOnlyList<string> Beginning(string uri)
    {
        var path = PathOf(uri);
        return uri.EndsWith('/') || Path.GetDirectoryName(path) is not { } folder || folder == root.Buckets || !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFileSystemEntries(folder).Where(e => Path.GetFileName(e).StartsWith(Path.GetFileName(path), StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a text is an S3 URI, or the address of an object.</summary>
    public static bool IsUri(string text) => S3Place.IsOne(ToUri(text));

    /// <summary>The S3 URI of an object's address, in either of its two styles; another text as it is. Source: "Virtual hosting of general purpose buckets", S3's user guide.</summary>
    private static string ToUri(string text) => text.StartsWith("https://", StringComparison.Ordinal) && Address().Match(text) is { Success: true } address
        ? S3Place.Of(address.Groups["bucket"].Value, address.Groups["key"].Value) : text;

    private (string Uri, string Hash) Locate(string path, string prefix)
    {
        RefuseLinks(path);
        var hash = HashOf("file:" + path, path);
        return (S3Place.Of(Bucket, $"{prefix}/{hash}"), hash);
    }

    /// <summary>What is put under a key of its hash is as it was put.</summary>
    private bool Has(string uri, string hash) => Path.Exists(PathOf(uri)) && registry.ObjectHash(uri, ContentHash.Stamp(PathOf(uri))) == hash;

    /// <summary>Fills a folder, unless it holds this very content; what was changed in it is put back. Returns false where it was there.</summary>
    private bool Put(string uri, string hash, Action<string> fill)
    {
        if (Has(uri, hash))
            return false;
        Files.Delete(PathOf(uri));
        Files.PutFolder(PathOf(uri), fill);
        registry.PutObjectHash(uri, hash, ContentHash.Stamp(PathOf(uri)));
        return true;
    }

    /// <summary>A link within a data set would bring in what the repository does not hold.</summary>
    private static void RefuseLinks(string path)
    {
        if (Directory.Exists(path) && new DirectoryInfo(path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).FirstOrDefault(e => e.LinkTarget is not null) is { } link)
            throw LocalErrors.LinkInData(link.FullName).ToException();
    }

    private string HashOf(string key, string path)
    {
        var stamp = ContentHash.Stamp(path);
        if (registry.ObjectHash(key, stamp) is { } known)
            return known;
        var hash = ContentHash.Of(path);
        registry.PutObjectHash(key, hash, stamp);
        return hash;
    }

    [GeneratedRegex(@"^https://(?:(?<bucket>[a-z0-9][a-z0-9.-]*)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?|s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/(?<bucket>[a-z0-9][a-z0-9.-]*))/(?<key>[^?#]+)$")]
    private static partial Regex Address();
}
