using System.Text.RegularExpressions;

namespace Mlops.Compilation.Bundles;

/// <summary>The packages that an R program attaches on every run: calls of library() at the margin, of its own file and of those in the bundle that it sources.</summary>
public static partial class RLibraries
{
    /// <param name="files">The bundle's files: name in it, and path on this machine.</param>
    /// <param name="entry">The entry point's name in the bundle.</param>
    /// <returns>In ordinal order; empty where it is no R.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyList<(string Name, string Path)> files, string entry)
    {
        if (!entry.EndsWith(".R", StringComparison.OrdinalIgnoreCase))
            return [];
        var paths = files.ToDictionary(f => f.Name, f => f.Path, StringComparer.Ordinal);
        var folder = entry[..(entry.LastIndexOf('/') + 1)];
        var packages = new SortedSet<string>(StringComparer.Ordinal);
        var visited = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Stack<string>([entry]);
        while (waiting.TryPop(out var name))
        {
            if (!visited.Add(name) || !paths.TryGetValue(name, out var file))
                continue;
            var text = File.ReadAllText(file);
            // Where it looks for packages, or gets them from, is then its own affair.
            if (Provides().IsMatch(text))
                return [];
            packages.UnionWith(Library().Matches(text).Where(m => !m.Groups["rest"].Value.Contains("character.only", StringComparison.Ordinal)).Select(m => m.Groups["name"].Value));
            foreach (var sourced in Source().Matches(text).Select(m => m.Groups["file"].Value))
                waiting.Push(folder + sourced);
        }

        return [.. packages];
    }

    [GeneratedRegex("""^library\([ \t]*["']?(?<name>[A-Za-z][A-Za-z0-9.]*)["']?[ \t]*(?<rest>[,)].*)$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Library();

    [GeneratedRegex(@"\.libPaths\(|\binstall\.packages\(|\binstall_\w+\(|\b(pak|pacman|renv|remotes|devtools|BiocManager)::")]
    private static partial Regex Provides();

    [GeneratedRegex("""^source\([ \t]*["'](?<file>[^"'\r\n]+)["']""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Source();
}
