using Mlops.Definitions;

namespace Mlops.Platform.Local.Storage;

/// <summary>Moves of whole files and folders: what has a final name is complete.</summary>
internal static class Files
{
    private const long LargestLog = 16L << 20;

    /// <summary>Copies a file or folder; a link is copied as what it points to.</summary>
    public static void Copy(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.CreateDirectory(to);
            foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
                Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
                File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)), overwrite: true);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to, overwrite: true);
        }
    }

    /// <summary>Fills a folder of another name and gives it its own when it is whole. There is none of that name.</summary>
    public static void PutFolder(string folder, Action<string> fill)
    {
        var temporary = $"{folder}.{Environment.ProcessId}.tmp";
        Delete(temporary);
        Directory.CreateDirectory(temporary);
        try
        {
            fill(temporary);
            Patience.With(() => Directory.Move(temporary, folder));
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    /// <summary>Moves what a folder holds to where others may lie already, as objects are put below a prefix: one of the same name is replaced, the others stay.</summary>
    public static void Merge(string from, string to, LinkRules links)
    {
        Materialize(from, links);
        // Steps that run side by side may share a prefix.
        lock (Merging)
        {
            if (File.Exists(to))
                throw Conflict(to);
            if (!Directory.Exists(to))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                Patience.With(() => Directory.Move(from, to));
                return;
            }

            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(to, Path.GetRelativePath(from, file));
                for (var folder = Path.GetDirectoryName(target)!; folder.Length > to.Length; folder = Path.GetDirectoryName(folder)!)
                {
                    if (File.Exists(folder))
                        throw Conflict(folder);
                }

                if (Directory.Exists(target))
                    throw Conflict(target);
                AtomicFile.Move(file, target);
            }

            Delete(from);
        }
    }

    /// <summary>
    /// Makes files and folders of what a program left, as a bucket has them: what they point to stands in the place of links, one that leads nowhere or back to where
    /// it is goes, and so do pipes and sockets, which nobody could read to an end. Folders may be written to again.
    /// </summary>
    public static void Materialize(string folder, LinkRules links) => Materialize(folder, folder, links);

    private static void Materialize(string root, string folder, LinkRules links)
    {
        Allow(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().ToList())
        {
            if (entry.LinkTarget is not { } link)
            {
                if (entry is DirectoryInfo below)
                    Materialize(root, below.FullName, links);
                else if (entry is FileInfo { Length: 0 } && IsSpecial(entry.FullName))
                    entry.Delete();
                continue;
            }

            var target = Target(entry, link, links);
            entry.Delete();
            if (target is FileInfo { Exists: true } file && !(file.Length == 0 && IsSpecial(file.FullName)))
            {
                File.Copy(file.FullName, entry.FullName);
            }
            else if (target is DirectoryInfo { Exists: true } other && !IsBelow(entry.FullName, other.FullName))
            {
                // What is copied follows links: there must be none that lead out.
                if (links.Within is not null || IsBelow(other.FullName, root))
                    Materialize(root, other.FullName, links);
                Copy(other.FullName, entry.FullName);
                Materialize(root, entry.FullName, links);
            }
        }
    }

    private static void Allow(string path, UnixFileMode rights)
    {
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path) is var mode && !mode.HasFlag(rights))
            File.SetUnixFileMode(path, mode | rights);
    }

    /// <returns>Null: it leads nowhere, or out of where links may lead.</returns>
    private static FileSystemInfo? Target(FileSystemInfo entry, string link, LinkRules links)
    {
        var path = Path.GetFullPath(link.StartsWith('/') ? links.Resolve(link) : Path.Combine(Path.GetDirectoryName(entry.FullName)!, link));
        FileSystemInfo first = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        var target = first.LinkTarget is null ? first : first.ResolveLinkTarget(returnFinalTarget: true);
        return target is not null && links.Within is { } bound && !(IsBelow(path, bound) && IsBelow(target.FullName, bound) && !HasLinks(path, bound) && !HasLinks(target.FullName, bound)) ? null : target;
    }

    /// <summary>Whether a folder on the way is a link, which may lead anywhere.</summary>
    private static bool HasLinks(string path, string bound)
    {
        for (var folder = Path.GetDirectoryName(path)!; folder.Length > bound.Length; folder = Path.GetDirectoryName(folder)!)
        {
            if (new DirectoryInfo(folder).LinkTarget is not null)
                return true;
        }

        return false;
    }

    private static bool IsBelow(string path, string folder) => (path + Path.DirectorySeparatorChar).StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Whether what has no length is no file: a pipe, a socket, a device. Opened for both ways, a pipe waits for nobody (fifo(7)).</summary>
    public static bool IsSpecial(string path)
    {
        if (OperatingSystem.IsWindows())
            return false;
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
            return true;
        try
        {
            Allow(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            return !stream.CanSeek;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static readonly Lock Merging = new();

    private static DefinitionException Conflict(string path) =>
        new($"'{path}' is a file and was to be a folder, or the other way round: S3 has objects below the name of another, and this machine has not. Write to another prefix.");

    /// <summary>Moves a folder, in place of one that is there.</summary>
    public static void Replace(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        Delete(to);
        Patience.With(() => Directory.Move(from, to));
    }

    /// <summary>A file to which lines are added for good begins anew when it is large; the one before it stays as FILE.1.</summary>
    public static void Turn(string path)
    {
        try
        {
            if (File.Exists(path) && new FileInfo(path).Length > LargestLog)
                File.Move(path, path + ".1", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody reads it: it goes on a while.
        }
    }

    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
            Patience.With(() => Directory.Delete(folder, recursive: true));
    }
}
