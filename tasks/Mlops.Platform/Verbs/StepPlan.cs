using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>Which jobs a run would start, and why: what differs between the definition that was published last and this one.</summary>
internal static partial class StepPlan
{
    private const int MostDifferences = 3;
    private const int MostCharacters = 80;

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex LongHash { get; }

    public static IReadOnlyList<PlannedChange> Of(PipelineDefinition? before, PipelineDefinition now)
    {
        var olds = before?.AllSteps.ToDictionary(s => s.Name, s => Resolved(before, s), StringComparer.Ordinal) ?? [];
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var step in now.AllSteps)
        {
            if (!olds.TryGetValue(step.Name, out var old))
                reasons[step.Name] = "is new";
            else if (Differences("", old, Resolved(now, step)).Take(MostDifferences).ToList() is { Count: > 0 } differences)
                reasons[step.Name] = string.Join("; ", differences);
            else if (IsWork(step.Type) && step.Cache is not { Enabled: true })
                reasons[step.Name] = "is not cached";
        }

        AddFollowers(now, reasons);
        return [.. now.AllSteps.Where(s => IsWork(s.Type) && reasons.ContainsKey(s.Name)).Select(s => new PlannedChange("Run", "step", s.Name, reasons[s.Name]))];
    }

    private static bool IsWork(string type) => StepTypes.RunsJob(type) || StepTypes.IsExternal(type);

    /// <summary>What uses a step's results runs again if they differ.</summary>
    private static void AddFollowers(PipelineDefinition definition, Dictionary<string, string> reasons)
    {
        var before = -1;
        while (before != reasons.Count)
        {
            before = reasons.Count;
            foreach (var step in definition.AllSteps.Where(s => !reasons.ContainsKey(s.Name)))
            {
                var used = Expression.References(step.ToJson()).Where(r => r.StartsWith("Steps.", StringComparison.Ordinal)).Select(r => r.Split('.')[1]).Concat(step.DependsOn);
                if (used.FirstOrDefault(u => reasons.ContainsKey(u) && u != step.Name) is { } cause)
                    reasons[step.Name] = $"after '{cause}', if its results differ";
            }
        }
    }

    /// <summary>A step by itself, with the parameters' defaults in their places.</summary>
    private static JsonNode Resolved(PipelineDefinition definition, PipelineStep step)
    {
        var defaults = definition.Parameters.ToDictionary(p => "Parameters." + p.Name, p => p.Default, StringComparer.Ordinal);
        return Resolve((step with { IfSteps = [], ElseSteps = [] }).ToJson())!;

        JsonNode? Resolve(JsonNode? node) => node switch
        {
            JsonObject { Count: 1 } o when o["Get"] is JsonValue path && defaults.TryGetValue(path.ToString(), out var value) => value?.DeepClone(),
            JsonObject o => Joined(new JsonObject(o.Select(m => KeyValuePair.Create(m.Key, Resolve(m.Value))))),
            JsonArray a => new JsonArray([.. a.Select(Resolve)]),
            _ => node?.DeepClone(),
        };
    }

    /// <summary>A join of what is known by now is its text.</summary>
    private static JsonNode Joined(JsonObject node) =>
        node is { Count: 1 } && node["Std:Join"] is JsonObject join && join["Values"] is JsonArray values && values.All(v => v is JsonValue)
            ? JsonValue.Create(string.Join(join["On"]?.ToString() ?? "", values.Select(v => v!.ToString())))
            : node;

    private static IEnumerable<string> Differences(string path, JsonNode? old, JsonNode? now)
    {
        if (JsonNode.DeepEquals(old, now))
            return [];
        return (old, now) switch
        {
            (JsonObject o, JsonObject n) => o.Select(m => m.Key).Concat(n.Select(m => m.Key)).Distinct().SelectMany(k => Differences(path.Length == 0 ? k : $"{path}.{k}", o[k], n[k])),
            (JsonArray o, JsonArray n) when o.Count == n.Count => o.Zip(n).SelectMany((p, i) => Differences($"{path}[{i}]", p.First, p.Second)),
            _ => [$"{path.Replace("Arguments.", "", StringComparison.Ordinal)}: {Short(old)} -> {Short(now)}"],
        };
    }

    private static string Short(JsonNode? value)
    {
        var text = value is null ? "none" : value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.ToString() : value.ToJsonString();
        text = LongHash.Replace(text, m => m.Value[..12]);
        return text.Length <= MostCharacters ? text : text[..MostCharacters] + "...";
    }
}
