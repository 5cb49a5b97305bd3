namespace Mlops.Configuration.Diagnostics;

/// <summary>Finds the word that was probably meant, by Damerau-Levenshtein distance (optimal string alignment).</summary>
public static class DidYouMean
{
    private const int MostCandidates = 1000;

    /// <summary>So many first letters of one candidate alone mean it.</summary>
    private const int FewestLetters = 4;

    /// <summary>Other names that people have for things.</summary>
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["scikit-learn"] = "sklearn",
        ["scikit_learn"] = "sklearn",
        ["torch"] = "pytorch",
        ["tf"] = "tensorflow",
        ["keras"] = "tensorflow",
        ["transformers"] = "huggingface",
        ["csharp"] = "dotnet",
        ["c#"] = "dotnet",
        ["ml.net"] = "dotnet",
        ["github"] = "github_actions",
        ["azure_devops"] = "azure_pipelines",
    };

    /// <summary>The nearest candidate, or null where none is near: at most a third of the letters may differ, or it is how one candidate alone begins.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        if (word.Length > 100)
            return null;
        var known = candidates.Take(MostCandidates).ToList();
        if (OtherNames.TryGetValue(word, out var other) && known.Contains(other))
            return other;
        var lower = word.ToLowerInvariant();
        return Closest(lower, known) ?? (word.Length >= FewestLetters && known.Where(c => c.StartsWith(lower, StringComparison.OrdinalIgnoreCase)).ToList() is [var only] ? only : null);
    }

    private static string? Closest(string word, IEnumerable<string> candidates) => candidates
        .Select(c => (Candidate: c, Distance: Distance(word, c.ToLowerInvariant())))
        .Where(c => c.Distance <= Math.Max(1, Math.Max(word.Length, c.Candidate.Length) / 3))
        .OrderBy(c => c.Distance).ThenBy(c => !c.Candidate.Contains(word, StringComparison.OrdinalIgnoreCase)).ThenBy(c => c.Candidate, StringComparer.Ordinal)
        .Select(c => c.Candidate)
        .FirstOrDefault();

    /// <summary>" Did you mean 'x'?" or an empty string.</summary>
    public static string Sentence(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
