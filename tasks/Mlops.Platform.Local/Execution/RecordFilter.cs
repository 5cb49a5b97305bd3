using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// The JSONPath that batch transform's filters take: $, $.name, $['name'], $['name','other'], $[0], $[-1], $[0,2], $[1:3], $[0,5:] ("Associate Prediction Results
/// with Input Records" of the developer guide, and DataProcessing of the API). A record of a CSV file is an array of its columns. What a record does not have is an error, as there.
/// </summary>
internal static partial class RecordFilter
{
    /// <summary>What the path selects; several items are an array, several members an object.</summary>
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
                node = Member(node, path[(at + 1)..end], path);
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
        if (Names().Match(selector) is { Success: true } names)
        {
            List<string> chosen = [.. names.Groups["name"].Captures.Select(n => n.Value)];
            return chosen is [var only] ? Member(node, only, path) : new JsonObject(chosen.Distinct(StringComparer.Ordinal).Select(n => KeyValuePair.Create(n, Member(node, n, path)?.DeepClone())));
        }

        if (node is not JsonArray items)
            throw new DefinitionException($"The filter '{path}' asks for items, and the record has none there.");
        if (selector == "*")
            return items;
        var parts = selector.Split(',').Select(p => p.Trim()).ToList();
        if (parts is [var one] && !one.Contains(':', StringComparison.Ordinal))
            return Item(Index(one));
        return new JsonArray([.. parts.SelectMany(p => p.Split(':') switch
        {
            [var index] => [Index(index)],
            [var from, var to] => Range(Bound(from, 0), Bound(to, items.Count)),
            _ => throw Wrong(path),
        }).Select(i => Item(i)?.DeepClone())]);

        IEnumerable<int> Range(int from, int to) => Enumerable.Range(from, Math.Max(0, Math.Min(to, items.Count) - from));
        JsonNode? Item(int i) => i >= 0 && i < items.Count ? items[i] : throw new DefinitionException($"The filter '{path}' asks for item {i}, and the record has {items.Count}.");
        int Index(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i < 0 ? items.Count + i : i : throw Wrong(path);
        int Bound(string text, int open) => text.Trim().Length == 0 ? open : Math.Max(0, Index(text.Trim()));
    }

    private static JsonNode? Member(JsonNode? node, string name, string path) => node is JsonObject o && o.TryGetPropertyValue(name, out var member) ? member
        : throw new DefinitionException($"The filter '{path}' asks for '{name}', which the record has not.");

    /// <summary>Names in quotes, separated by commas.</summary>
    [GeneratedRegex("""^(?:(?:^|\s*,\s*)(?:'(?<name>[^']*)'|"(?<name>[^"]*)"))+$""")]
    private static partial Regex Names();

    private static DefinitionException Wrong(string path) => new($"The filter '{path}' is not one of the forms that batch transform takes, such as $[1:] or $['features'].");
}
