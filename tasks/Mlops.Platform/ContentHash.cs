using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Mlops.Platform;

/// <summary>SHA-256 of a file's content, or of a folder: of the sorted lines "hash  name" of its files, as sha256sum prints them.</summary>
public static class ContentHash
{
    public static string Of(string path) => Directory.Exists(path) ? OfFolder(path) : OfFile(path);

    public static string OfText(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Of an archive by what is in it: compressors differ from one version to the next.</summary>
    private static string OfFile(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        if (!path.EndsWith(".tar.gz", StringComparison.Ordinal))
            return Convert.ToHexStringLower(SHA256.HashData(file));
        try
        {
            using var content = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            return Convert.ToHexStringLower(SHA256.HashData(content));
        }
        catch (InvalidDataException)
        {
            file.Position = 0;
            return Convert.ToHexStringLower(SHA256.HashData(file)); // Only its name is that of an archive.
        }
    }

    private static string OfFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => (Name: Path.GetRelativePath(folder, f).Replace('\\', '/'), Path: f))
            .OrderBy(f => f.Name, StringComparer.Ordinal);
        var lines = new StringBuilder();
        foreach (var (name, path) in files)
            lines.Append(OfFile(path)).Append("  ").Append(name).Append('\n');
        return OfText(lines.ToString());
    }
}
