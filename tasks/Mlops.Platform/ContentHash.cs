using System.Globalization;
using System.IO.Compression;
using System.Runtime.ExceptionServices;
using System.Text;
using Mlops.Definitions;

namespace Mlops.Platform;

/// <summary>SHA-256 of a file's content, or of a folder: of the sorted lines "hash  name" of its files, as sha256sum prints them.</summary>
public static class ContentHash
{
    /// <summary>Read at once: buffers cost more than they save.</summary>
    private const int SmallBytes = 1 << 16;

    public static string Of(string path) => Directory.Exists(path) ? OfFolder(path) : OfFile(path);

    /// <summary>Changes whenever a file below the path is written, added or removed: sizes and times of all of them. Cheaper than a hash, and for this machine alone.</summary>
    public static string Stamp(string path)
    {
        IEnumerable<FileSystemInfo> entries = Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories) : [Meant(path)];
        var lines = entries.OfType<FileInfo>().OrderBy(f => f.FullName, StringComparer.Ordinal)
            .Select(f => string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(path, f.FullName)}|{f.Length}|{f.LastWriteTimeUtc.Ticks}"));
        return Digest.Of(string.Join('\n', lines));
    }

    /// <summary>The file that is read under a path: a link has a size and a time of its own.</summary>
    public static FileInfo Meant(string path) => new FileInfo(path) is var file && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target : file;

    /// <summary>Of an archive by what is in it: compressors differ from one version to the next.</summary>
    private static string OfFile(string path)
    {
        if (new FileInfo(path).Length <= SmallBytes && !path.EndsWith(".tar.gz", StringComparison.Ordinal))
            return Digest.Of(File.ReadAllBytes(path));
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        if (!path.EndsWith(".tar.gz", StringComparison.Ordinal))
            return Digest.Of(file);
        try
        {
            using var content = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            return Digest.Of(content);
        }
        catch (InvalidDataException)
        {
            file.Position = 0;
            return Digest.Of(file); // Only its name is that of an archive.
        }
    }

    private static string OfFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => (Name: Path.GetRelativePath(folder, f).Replace('\\', '/'), Path: f))
            .OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        var hashes = new string[files.Count];
        try
        {
            Parallel.For(0, files.Count, i => hashes[i] = OfFile(files[i].Path));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        var lines = new StringBuilder();
        foreach (var (hash, (name, _)) in hashes.Zip(files))
            lines.Append(hash).Append("  ").Append(name).Append('\n');
        return Digest.Of(lines.ToString());
    }
}
