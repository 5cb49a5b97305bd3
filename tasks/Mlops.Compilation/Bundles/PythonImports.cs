using System.Text.RegularExpressions;

namespace Mlops.Compilation.Bundles;

/// <summary>What a Python program imports on every run: the statements at the margin, of its own file and of those in the bundle that it imports.</summary>
/// <param name="Packages">Names that the bundle does not hold, the standard library's included; in ordinal order.</param>
/// <param name="LeftBehind">Those of them that a file beside the entry point has, which does not travel.</param>
public sealed partial record PythonImports(IReadOnlyList<string> Packages, IReadOnlyList<string> LeftBehind)
{
    /// <summary>Nothing is known: no Python, or a program that changes where modules are looked for.</summary>
    public static PythonImports None { get; } = new([], []);

    /// <param name="files">The bundle's files: name in it, and path on this machine.</param>
    /// <param name="entry">The entry point's name in the bundle.</param>
    public static PythonImports Of(IReadOnlyList<(string Name, string Path)> files, string entry)
    {
        if (entry.EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase))
            return new(["papermill"], []);
        var paths = files.ToDictionary(f => f.Name, f => f.Path, StringComparer.Ordinal);
        if (!entry.EndsWith(".py", StringComparison.OrdinalIgnoreCase) || !paths.TryGetValue(entry, out var program))
            return None;

        // Python looks first where the program lies.
        var folder = entry[..(entry.LastIndexOf('/') + 1)];
        var packages = new SortedSet<string>(StringComparer.Ordinal);
        var visited = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Stack<string>([program]);
        while (waiting.TryPop(out var file))
        {
            if (!visited.Add(file))
                continue;
            var text = File.ReadAllText(file);
            if (text.Contains("sys.path", StringComparison.Ordinal) || text.Contains("addsitedir", StringComparison.Ordinal))
                return None;
            foreach (var module in Modules(text))
            {
                if (InBundle(paths, folder, module) is { } found)
                    waiting.Push(found);
                else if (!paths.Keys.Any(n => n.StartsWith($"{folder}{module}/", StringComparison.Ordinal)))
                    packages.Add(module);
            }
        }

        var beside = Path.GetDirectoryName(program)!;
        return new([.. packages], [.. packages.Where(p => File.Exists(Path.Combine(beside, p + ".py")) || File.Exists(Path.Combine(beside, p, "__init__.py")))]);
    }

    private static string? InBundle(Dictionary<string, string> paths, string folder, string module) =>
        new[] { $"{folder}{module}.py", $"{folder}{module}/__init__.py" }.Select(paths.GetValueOrDefault).FirstOrDefault(p => p is not null);

    private static IEnumerable<string> Modules(string text) =>
        Statement().Matches(LongString().Replace(text, "")).SelectMany(m => m.Groups["from"].Success
            ? [m.Groups["from"].Value]
            : m.Groups["names"].Value.Split(',').Select(n => n.Trim().Split(' ', '.')[0])).Where(n => n.Length > 0);

    [GeneratedRegex(@"^(?:from[ \t]+(?<from>[A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+(?<names>[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?)*))", RegexOptions.Multiline)]
    private static partial Regex Statement();

    [GeneratedRegex(@"(""""""|''')[\s\S]*?\1")]
    private static partial Regex LongString();
}
