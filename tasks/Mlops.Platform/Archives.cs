using System.Formats.Tar;
using System.IO.Compression;

namespace Mlops.Platform;

/// <summary>
/// Tar archives, as SageMaker wants them (model.tar.gz, sourcedir.tar.gz). Writing is deterministic; unpacking takes plain files and
/// folders below the target alone: an archive may come from anywhere.
/// </summary>
public static class Archives
{
    private const long MostBytes = 64L << 30;
    private const int MostEntries = 1_000_000;

    /// <summary>Two blocks of zeros.</summary>
    private const int EndOfArchive = 1024;

    /// <summary>Packs a folder's files; owner, time and mode are not kept, so that equal content is an equal archive.</summary>
    public static void Pack(string folder, string tarGz)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(tarGz)!);
        var temporary = $"{tarGz}.{Environment.ProcessId}.tmp";
        using (var file = File.Create(temporary))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => (Name: Path.GetRelativePath(folder, f).Replace('\\', '/'), Path: f)).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
            if (files.Count == 0)
                gzip.Write(new byte[EndOfArchive]); // A writer without entries writes nothing at all, which is no archive.
            foreach (var (name, path) in files)
            {
                using var content = File.OpenRead(path);
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = content,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                });
            }
        }

        File.Move(temporary, tarGz, overwrite: true);
    }

    /// <summary>Compresses a tar.</summary>
    public static void Compress(string tar, string tarGz)
    {
        using var from = File.OpenRead(tar);
        using var file = File.Create(tarGz);
        using var gzip = new GZipStream(file, CompressionLevel.Fastest);
        from.CopyTo(gzip);
    }

    /// <summary>Unpacks a tar, compressed or not, into a folder.</summary>
    public static void Unpack(string archive, string folder)
    {
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        Directory.CreateDirectory(root);
        using var file = File.OpenRead(archive);
        using Stream content = archive.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var tar = new TarReader(content);
        var (bytes, entries) = (0L, 0);
        try
        {
            while (tar.GetNextEntry() is { } entry)
            {
                if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
                    continue;
                var path = Path.GetFullPath(Path.Combine(root, entry.Name));
                if (++entries > MostEntries || (bytes += entry.Length) > MostBytes)
                    throw Refused(archive, entry, "makes it too large");
                if (!(path + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal) || Path.IsPathRooted(entry.Name))
                    throw Refused(archive, entry, "leads out of the folder");
                if (entry.EntryType is TarEntryType.Directory)
                {
                    Directory.CreateDirectory(path);
                }
                else if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    using (var target = File.Create(path))
                        entry.DataStream?.CopyTo(target);
                    if (!OperatingSystem.IsWindows() && entry.Mode.HasFlag(UnixFileMode.UserExecute))
                        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
                }
                else
                {
                    throw Refused(archive, entry, $"is a {entry.EntryType}");
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw PlatformErrors.ArchiveUnreadable(archive, e.Message).ToException();
        }
    }

    private static PlatformException Refused(string archive, TarEntry entry, string why) => PlatformErrors.ArchiveRefused(archive, entry.Name, why).ToException();
}
