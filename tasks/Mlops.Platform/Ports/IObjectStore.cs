using Mlops.Definitions;

namespace Mlops.Platform.Ports;

/// <summary>S3's objects below one bucket.</summary>
public interface IObjectStore
{
    string Bucket { get; }

    /// <summary>Makes a bundle's files (or its archive) be under its key. Returns false where they were there.</summary>
    Task<bool> PutBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation);

    /// <summary>Whether a bundle is there, with all that its tar holds.</summary>
    Task<bool> HasBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation);

    /// <summary>Where a file or folder would lie; Stored: it would have to be sent.</summary>
    Task<StoredData> LocateDataAsync(string name, string path, string prefix, CancellationToken cancellation);

    /// <summary>Names the content of places in S3: another one once any of it has changed. Null: this platform's caches look at content themselves.</summary>
    Task<string?> VersionAsync(IReadOnlyList<string> uris, CancellationToken cancellation);

    /// <summary>Makes a file or folder be under a key that holds its hash.</summary>
    Task<StoredData> PutDataAsync(string name, string path, string prefix, CancellationToken cancellation);
}

/// <param name="Stored">False: it was there.</param>
public sealed record StoredData(string S3Uri, string Sha256, bool Stored);
