using System.Buffers;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Files;

/// <summary>The files of a model repository, as config.yaml may name them; remembers which were asked for.</summary>
public sealed class RepositoryFiles(string root)
{
    private const int MostNear = 1000;
    private const int FirstLineCharacters = 64 * 1024;
    private const int Piece = 1024;

    private readonly SortedSet<string> used = new(StringComparer.Ordinal);
    private readonly Lazy<string?> realRoot = new(() => RealPath.Of(Path.GetFullPath(root)));

    /// <summary>The folder of config.yaml, absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Paths that were looked at, there or not: what a build depends on.</summary>
    public IReadOnlyList<string> Used => [.. used];

    public string FullPath(RepositoryPath path) => Path.GetFullPath(Path.Combine(Root, path.Text));

    /// <summary>Whether there is a regular file: no folder, pipe or socket.</summary>
    public bool IsFile(RepositoryPath path)
    {
        used.Add(path.Text);
        return HasExactCase(path) && RegularFile.IsOne(FullPath(path));
    }

    public bool IsFolder(RepositoryPath path) => HasExactCase(path) && Directory.Exists(FullPath(path));

    /// <summary>Whether there is anything under that name.</summary>
    public bool IsThere(RepositoryPath path) => HasExactCase(path) && Path.Exists(FullPath(path));

    /// <summary>Whether the path stays below the repository also where folders or files are links.</summary>
    public bool StaysInside(RepositoryPath path) =>
        path.StaysInside && realRoot.Value is { } top && RealPath.Of(top, path.Text) is { } real
        && (real + Path.DirectorySeparatorChar).StartsWith(top + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Files that may have been meant: those of the folder that the path names.</summary>
    public IReadOnlyList<string> Near(RepositoryPath path)
    {
        var folder = Path.GetDirectoryName(FullPath(path));
        if (folder is null || !StaysInside(path))
            return [];
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Take(MostNear)
                .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The first line of a text file without its line break; null where the file cannot be read.</summary>
    public string? FirstLine(RepositoryPath path)
    {
        var buffer = ArrayPool<char>.Shared.Rent(FirstLineCharacters);
        try
        {
            using var reader = new StreamReader(FullPath(path));
            var length = 0;
            var end = -1;
            while (end < 0 && length < FirstLineCharacters && reader.Read(buffer, length, Math.Min(Piece, FirstLineCharacters - length)) is > 0 and var more)
            {
                end = buffer.AsSpan(length, more).IndexOfAny('\r', '\n') is >= 0 and var at ? length + at : -1;
                length += more;
            }

            return new string(buffer, 0, end < 0 ? length : end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>A path that differs in case alone works on some machines and fails in the cloud: it counts as missing everywhere.</summary>
    private bool HasExactCase(RepositoryPath path)
    {
        if (OperatingSystem.IsLinux())
            return true;
        var folder = Root;
        foreach (var part in path.Text.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."))
        {
            if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder, part).Any(e => Path.GetFileName(e) == part))
                return false;
            folder = Path.Combine(folder, part);
        }

        return true;
    }
}
