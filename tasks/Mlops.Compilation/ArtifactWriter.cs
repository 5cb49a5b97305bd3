using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation;

/// <summary>All writing of a build: into a temporary file that then takes the name, and not at all where nothing changes.</summary>
public static class ArtifactWriter
{
    /// <summary>Writes the artifacts, and removes those that the manifest of an earlier build lists: nothing else in the folder is ours.</summary>
    public static void Write(string folder, IReadOnlyList<Artifact> artifacts)
    {
        Directory.CreateDirectory(folder);
        var old = Listed(Path.Combine(folder, ArtifactFiles.Manifest));
        foreach (var artifact in artifacts)
        {
            var path = Path.Combine(folder, artifact.Name.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Write(path, artifact.Content);
        }

        var wanted = artifacts.Select(a => a.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in old.Where(n => !wanted.Contains(n)))
            File.Delete(Path.Combine(folder, name));
    }

    /// <summary>Writes one file, whole, where it is not as it should be.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> content)
    {
        if (!IsEqual(path, content.Span))
            Replace(path, content);
    }

    private static IReadOnlyList<string> Listed(string manifest)
    {
        try
        {
            var files = JsonNode.Parse(File.ReadAllBytes(manifest))?["Sha256"] as JsonObject;
            return [.. (files ?? []).Select(f => f.Key).Where(n => new RepositoryPath(n).StaysInside)];
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static bool IsEqual(string path, ReadOnlySpan<byte> content)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == content.Length && content.SequenceEqual(File.ReadAllBytes(path));
    }

    private static void Replace(string path, ReadOnlyMemory<byte> content)
    {
        // Two builds of one project may run at once: each has a temporary file of its own, and the last move wins whole.
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content.Span);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
