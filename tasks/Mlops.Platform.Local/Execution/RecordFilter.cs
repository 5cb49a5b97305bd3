using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// The JSONPath that batch transform's filters take: $, $.name, $['name'], $[0], $[-1], $[0,2], $[1:3] ("Associate Prediction Results
/// with Input Records" of the developer guide). A record of a CSV file is an array of its columns.
/// </summary>
internal static class RecordFilter
{
    /// <summary>What the path selects; several items are an array.</summary>
    public static JsonNode? Apply(string path, JsonNode? record)
    {
        if (path.Length == 0 || path[0] != '$')
            throw Wrong(path);
        var node = record;
        var at = 1;
        while (at < path.Length)
        {
            if (path[at] == '.')
            {
                var end = path.IndexOfAny(['.', '['], at + 1);
                end = end < 0 ? path.Length : end;
                node = (node as JsonObject)?[path[(at + 1)..end]];
                at = end;
            }
            else if (path[at] == '[' && path.IndexOf(']', at) is > 0 and var close)
            {
                node = Select(path[(at + 1)..close].Trim(), node, path);
                at = close + 1;
            }
            else
            {
                throw Wrong(path);
            }
        }

        return node?.DeepClone();
    }

    private static JsonNode? Select(string selector, JsonNode? node, string path)
    {
        if (selector.Length > 1 && selector[0] is '\'' or '"' && selector[^1] == selector[0])
            return (node as JsonObject)?[selector[1..^1]];
        if (node is not JsonArray items)
            return null;
        if (selector == "*")
            return items;
        if (selector.Contains(':', StringComparison.Ordinal))
        {
            var ends = selector.Split(':');
            var (from, to) = (Bound(ends[0], 0), Bound(ends[1], items.Count));
            return Items(Enumerable.Range(from, Math.Max(0, Math.Min(to, items.Count) - from)));
        }

        var indexes = selector.Split(',').Select(i => Index(i.Trim())).ToList();
        return indexes.Count == 1 ? Items(indexes)[0]?.DeepClone() : Items(indexes);

        JsonArray Items(IEnumerable<int> which) => new([.. which.Select(i => i >= 0 && i < items.Count ? items[i]?.DeepClone() : throw new DefinitionException($"The filter '{path}' asks for item {i}, and the record has {items.Count}."))]);
        int Index(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i < 0 ? items.Count + i : i : throw Wrong(path);
        int Bound(string text, int open) => text.Trim().Length == 0 ? open : Math.Max(0, Index(text.Trim()));
    }

    private static DefinitionException Wrong(string path) => new($"The filter '{path}' is not one of the forms that batch transform takes, such as $[1:] or $['features'].");
}
