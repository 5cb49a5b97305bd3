
namespace Mlops.Configuration.Files;

/// <summary>Where a path leads when every link on the way is followed, as realpath(3) has it; what does not exist keeps its name.</summary>
internal static class RealPath
{
    /// <summary>As many as Linux follows (ELOOP).</summary>
    private const int MostLinks = 40;

    /// <summary>Null: a loop of links, or a folder that this user may not look into.</summary>
    public static string? Of(string path) => Of(Path.GetPathRoot(path)!, path);

    /// <param name="real">A folder without links on the way, or the root.</param>
    /// <param name="path">What is looked for from there.</param>
    public static string? Of(string real, string path)
    {
        var parts = new Stack<string>(Parts(path).Reverse());
        var links = 0;
        try
        {
            while (parts.TryPop(out var part))
            {
                if (part == "..")
                {
                    real = Path.GetDirectoryName(real) ?? real;
                    continue;
                }

                var next = Path.Combine(real, part);
                if (new FileInfo(next).LinkTarget is not { } target)
                {
                    real = next;
                    continue;
                }

                if (++links > MostLinks)
                    return null;
                if (Path.IsPathRooted(target))
                    real = Path.GetPathRoot(target)!;
                foreach (var more in Parts(target).Reverse())
                    parts.Push(more);
            }

            return real;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Parts(string path) =>
        path[(Path.GetPathRoot(path)?.Length ?? 0)..].Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Where(p => p is not ("" or "."));
}
