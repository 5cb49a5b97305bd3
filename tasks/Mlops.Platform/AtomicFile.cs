namespace Mlops.Platform;

/// <summary>Files that are whole as soon as they are there: written beside their place, then moved.</summary>
public static class AtomicFile
{
    public static void Write(string path, byte[] content) => Write(path, fresh => File.WriteAllBytes(fresh, content));

    /// <param name="write">Writes the file at the path that it is given, where none is.</param>
    public static void Write(string path, Action<string> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Each writer has a file of its own. Where large ones are made, 'mlops gc' knows by this name what a killed process left.
        var fresh = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            File.Delete(fresh);
            write(fresh);
            Move(fresh, path);
        }
        catch
        {
            TryDelete(fresh);
            throw;
        }
    }

    /// <summary>Moves a file, in place of one that is there.</summary>
    public static void Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(to))!);
        Patience.With(() => File.Move(from, to, overwrite: true));
    }

    /// <summary>Why it was not written is what the caller hears of.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk takes nothing, or its folder is gone.
        }
    }
}
