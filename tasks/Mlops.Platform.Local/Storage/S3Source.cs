using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Storage;

/// <summary>A job's S3DataSource or S3Input where it names objects in another way than as a folder or one whole key.</summary>
internal static class S3Source
{
    private const string Manifest = "ManifestFile";

    /// <summary>Each host of the job gets its part of the objects.</summary>
    public static bool IsSharded(JsonNode? source) => Json.Text(source?["S3DataDistributionType"]) == "ShardedByS3Key";

    /// <summary>The objects of a manifest, or those whose keys begin with a prefix that is no folder, with their names in the job; null: it is a folder, or one object.</summary>
    public static IReadOnlyList<(string Name, string Path)>? Listed(JsonNode? source, LocalObjectStore objects)
    {
        var uri = Json.Text(source?["S3Uri"]);
        if (Json.Text(source?["S3DataType"]) == Manifest)
            return Named(uri, objects);
        return LocalObjectStore.IsUri(uri) && !objects.IsThere(uri) && objects.Beginning(uri) is { Count: > 0 } found ? [.. found.SelectMany(Files)] : null;

        static IEnumerable<(string, string)> Files(string entry) => !Directory.Exists(entry) ? [(System.IO.Path.GetFileName(entry), entry)]
            : Directory.EnumerateFiles(entry, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => (System.IO.Path.GetRelativePath(System.IO.Path.GetDirectoryName(entry)!, f), f));
    }

    /// <summary>Puts objects into a job's folder, by their names.</summary>
    public static void Copy(IEnumerable<(string Name, string Path)> listed, string folder)
    {
        folder = Directory.CreateDirectory(System.IO.Path.TrimEndingDirectorySeparator(folder)).FullName;
        foreach (var (name, path) in listed)
        {
            var target = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, name));
            if (!target.StartsWith(folder + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new DefinitionException($"'{name}' leads out of the input's folder.");
            Storage.Files.Copy(path, target);
        }
    }

    /// <summary>[{"prefix": "s3://..."}, "key", ...] ("S3DataSource" of the API).</summary>
    private static List<(string Name, string Path)> Named(string uri, LocalObjectStore objects)
    {
        JsonNode? manifest;
        try
        {
            manifest = JsonNode.Parse(File.ReadAllBytes(objects.ExistingPathOf(uri)));
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new DefinitionException($"The manifest '{uri}' is not JSON: {e.Message}");
        }

        if (manifest is not JsonArray { Count: > 0 } items || (items[0] as JsonObject)?["prefix"] is not JsonValue first || items.Skip(1).Any(i => i is not JsonValue))
            throw new DefinitionException($"The manifest '{uri}' is none: it begins with {{\"prefix\": \"s3://...\"}}, and names follow.");
        var prefix = first.ToString();
        return [.. items.Skip(1).Select(i => Json.Text(i)).Select(name => (name, objects.ExistingPathOf(prefix + name)))];
    }
}
