using System.Security.Cryptography;
using System.Text;

namespace Mlops.Platform.Local.Storage;

/// <summary>SHA-256 of a file's content, or of a folder: of the sorted lines "hash  name" of its files, as sha256sum prints them.</summary>
internal static class ContentHash
{
    public static string Of(string path) => Directory.Exists(path) ? OfFolder(path) : OfFile(path);

    public static string OfText(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string OfFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
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
