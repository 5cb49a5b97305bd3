using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>An evaluation's report: numbers at any depth, each by its path (GROUP.METRIC.value).</summary>
public static class EvaluationReport
{
    /// <summary>Every number, in ordinal order of the paths. What is no number, and what stands in lists, is left out.</summary>
    public static IReadOnlyDictionary<string, double> Numbers(JsonNode? report)
    {
        var found = new SortedDictionary<string, double>(StringComparer.Ordinal);
        Add(report, "", found);
        return found;
    }

    private static void Add(JsonNode? node, string path, SortedDictionary<string, double> found)
    {
        if (node is JsonObject o)
        {
            foreach (var (name, value) in o)
                Add(value, path.Length == 0 ? name : $"{path}.{name}", found);
        }
        else if (Json.Number(node) is { } number)
        {
            found[path] = number;
        }
    }
}
