using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mlops.Platform.Aws.Storage;

/// <summary>
/// Hashes of data sets, by size and time of their files, so that gigabytes are read once. A file below the repository's obj, for this machine alone:
/// where it cannot be read or written, data is hashed again.
/// </summary>
internal sealed partial class HashCache(string repository)
{
    private readonly string file = Path.Combine(repository, "obj", "mlops", "data-hashes.json");

    private readonly Lock saving = new();

    public string HashOf(string path)
    {
        var (name, stamp) = (Path.GetRelativePath(repository, path), ContentHash.Stamp(path));
        if (Load().TryGetValue(name, out var entry) && entry.Stamp == stamp)
            return entry.Sha256;
        var hash = ContentHash.Of(path);
        lock (saving)
        {
            var known = Load();
            known[name] = new Entry(stamp, hash);
            Save(known);
        }

        return hash;
    }

    private Dictionary<string, Entry> Load()
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), CacheJson.Default.DictionaryStringEntry) ?? [] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    private void Save(Dictionary<string, Entry> known)
    {
        try
        {
            AtomicFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(known, CacheJson.Default.DictionaryStringEntry));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next verb hashes again.
        }
    }

    private sealed record Entry(string Stamp, string Sha256);

    [JsonSerializable(typeof(Dictionary<string, Entry>))]
    private sealed partial class CacheJson : JsonSerializerContext;
}
