using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Mlops.Platform;

/// <summary>
/// Tar archives, as SageMaker wants them (model.tar.gz, sourcedir.tar.gz). Writing is deterministic; unpacking takes plain files and
/// folders below the target alone: an archive may come from anywhere.
/// </summary>
public static class Archives
{
    private const long MostBytes = 64L << 30;
    private const int MostEntries = 1_000_000;
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Runs = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Eleven octal digits.</summary>
    private const long MostUstarBytes = (8L << 30) - 1;

    /// <summary>Two blocks of zeros.</summary>
    private const int EndOfArchive = 1024;

    /// <summary>Packs a folder's files and empty folders; owner, time and mode are not kept but for whether a file may be run, so that equal content is an equal archive.</summary>
    public static void Pack(string folder, string tarGz) => AtomicFile.Write(tarGz, fresh => Write(folder, fresh));

    private static void Write(string folder, string tarGz)
    {
        using (var file = File.Create(tarGz))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            var entries = Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
                .Where(e => !Directory.Exists(e) || !Directory.EnumerateFileSystemEntries(e).Any())
                .Select(e => (Name: Path.GetRelativePath(folder, e).Replace('\\', '/'), Path: e)).OrderBy(e => e.Name, StringComparer.Ordinal).ToList();
            if (entries.Count == 0)
                gzip.Write(new byte[EndOfArchive]); // A writer without entries writes nothing at all, which is no archive.
            foreach (var (name, path) in entries)
            {
                using var content = Directory.Exists(path) ? null : File.OpenRead(path);
                var entry = content is null ? Entry(TarEntryType.Directory, name + "/", 0) : Entry(TarEntryType.RegularFile, name, content.Length);
                if (content is not null)
                    entry.DataStream = content;
                entry.ModificationTime = DateTimeOffset.UnixEpoch;
                entry.Mode = Plain | (content is null || MayRun(path) ? Runs : default);
                tar.WriteEntry(entry);
            }
        }
    }

    private static bool MayRun(string file) => !OperatingSystem.IsWindows() && File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute);

    /// <summary>A name of 100 bytes, or one whose last '/' parts it into at most 155 and 100 ("ustar Interchange Format" of POSIX; .NET looks for no other).</summary>
    private static bool FitsUstar(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var slash = bytes.AsSpan().TrimEnd((byte)'/').LastIndexOf((byte)'/');
        return bytes.Length <= 100 || (slash is > 0 and <= 155 && bytes.Length - slash - 1 <= 100);
    }

    /// <summary>Ustar has no room for long names and for more than 8 GiB: such an entry is GNU's, which every tar reads.</summary>
    private static PosixTarEntry Entry(TarEntryType type, string name, long bytes)
    {
        if (bytes <= MostUstarBytes && FitsUstar(name))
            return new UstarTarEntry(type, name);
        return new GnuTarEntry(type, name) { AccessTime = DateTimeOffset.UnixEpoch, ChangeTime = DateTimeOffset.UnixEpoch };
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
        using Stream content = IsCompressed(file) ? new GZipStream(file, CompressionMode.Decompress) : file;
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

    /// <summary>By the first two bytes (RFC 1952): names lie, and .tgz is one as well.</summary>
    private static bool IsCompressed(FileStream file)
    {
        var isOne = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        return isOne;
    }

    private static PlatformException Refused(string archive, TarEntry entry, string why) => PlatformErrors.ArchiveRefused(archive, entry.Name, why).ToException();
}
