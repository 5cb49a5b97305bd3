using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>The files of a model repository, as config.yaml may name them; remembers which were asked for.</summary>
public sealed class RepositoryFiles(string root)
{
    private readonly SortedSet<string> used = new(StringComparer.Ordinal);

    /// <summary>The folder of config.yaml, absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Paths that were looked at, there or not: what a build depends on.</summary>
    public IReadOnlyList<string> Used => [.. used];

    public string FullPath(RepositoryPath path) => Path.GetFullPath(Path.Combine(Root, path.Text));

    public bool IsFile(RepositoryPath path)
    {
        used.Add(path.Text);
        return HasExactCase(path) && File.Exists(FullPath(path));
    }

    public bool IsFolder(RepositoryPath path) => HasExactCase(path) && Directory.Exists(FullPath(path));

    /// <summary>Whether the path stays below the repository also where folders or files are links.</summary>
    public bool StaysInside(RepositoryPath path)
    {
        if (!path.StaysInside)
            return false;
        var full = Root;
        foreach (var part in path.Text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            full = Path.Combine(full, part);
            FileSystemInfo? target;
            try
            {
                target = new FileInfo(full).LinkTarget is null ? null : File.ResolveLinkTarget(full, returnFinalTarget: true);
            }
            catch (IOException)
            {
                return false; // a loop of links
            }

            if (target is not null && !(target.FullName + Path.DirectorySeparatorChar).StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                return false;
        }

        return true;
    }

    /// <summary>Files that may have been meant: those of the folder that the path names.</summary>
    public IReadOnlyList<string> Near(RepositoryPath path)
    {
        var folder = Path.GetDirectoryName(FullPath(path));
        if (folder is null || !Directory.Exists(folder) || !(folder + Path.DirectorySeparatorChar).StartsWith(Root, StringComparison.Ordinal))
            return [];
        return [.. Directory.EnumerateFileSystemEntries(folder).Take(1000)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    /// <summary>The first line of a text file without its line break, or null; at most 64 KiB are looked at.</summary>
    public string? FirstLine(RepositoryPath path)
    {
        try
        {
            using var reader = new StreamReader(FullPath(path));
            var buffer = new char[64 * 1024];
            var read = reader.ReadBlock(buffer);
            var text = new string(buffer, 0, read);
            var end = text.AsSpan().IndexOfAny('\r', '\n');
            return end < 0 ? text : text[..end];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A path that differs in case alone works on some machines and fails in the cloud: it counts as missing everywhere.</summary>
    private bool HasExactCase(RepositoryPath path)
    {
        if (OperatingSystem.IsLinux())
            return true;
        var folder = Root;
        foreach (var part in path.Text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".")
                continue;
            if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder, part).Any(e => Path.GetFileName(e) == part))
                return false;
            folder = Path.Combine(folder, part);
        }

        return true;
    }
}
