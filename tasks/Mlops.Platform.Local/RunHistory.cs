using System.Globalization;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Registry;

namespace Mlops.Platform.Local;

/// <summary>What earlier runs did, and how two of them differ.</summary>
public sealed class RunHistory(LocalRegistry registry)
{
    private const int ShownHash = 12;

    /// <summary>The newest runs, the newest first.</summary>
    /// <param name="pipeline">Null: of every pipeline of this root.</param>
    /// <param name="follows">Whether anybody is at work here: else what is Executing was broken off.</param>
    public IEnumerable<RunListed> Newest(int count, string? pipeline, bool follows) =>
        registry.Executions.Newest(count, pipeline).Select(Describe).Select(r => r.Status == "Executing" && !follows ? r with { Status = "Stopped", FailureReason = "interrupted" } : r);

    /// <param name="name">A run's id, or as many of its first characters as tell it from the others.</param>
    public ExecutionRow Find(string name)
    {
        var found = registry.Executions.FindByPrefix(name);
        return found.Count == 1 ? found[0] : throw LocalErrors.UnknownRun(name, [.. (found.Count > 1 ? found : registry.Executions.Newest(5)).Select(r => r.Id)]).ToException();
    }

    /// <summary>Parameters, what decided each step, metrics and the content of outputs.</summary>
    public IEnumerable<RunDifference> Compare(ExecutionRow first, ExecutionRow second)
    {
        var (before, after) = (Facts(first), Facts(second));
        foreach (var fact in before.Keys.Concat(after.Keys).Distinct())
        {
            var (old, now) = (before.GetValueOrDefault(fact), after.GetValueOrDefault(fact));
            if (old != now)
                yield return new RunDifference(fact.Step, fact.Item, old, now);
        }

        var (olds, news) = (registry.Executions.Contents(first.Id), registry.Executions.Contents(second.Id));
        foreach (var (step, content) in olds.Where(s => news.ContainsKey(s.Key)))
        {
            foreach (var change in ContentChange.Between(content, news[step]))
                yield return new RunDifference(step, change.What, Short(change.Before), Short(change.After));
        }
    }

    private RunListed Describe(ExecutionRow row) => new(row.Id, row.Status, row.Started, row.Ended is { } ended ? Math.Max(0, (ended - row.Started).TotalSeconds) : null, row.ModelVersion,
        registry.Executions.Steps(row.Id).SelectMany(s => registry.Executions.Metrics(row.Id, s.Name).Select(m => (m.Key, m.Value))).Concat(Reported(row))
            .GroupBy(m => m.Item1, StringComparer.Ordinal).ToDictionary(m => m.Key, m => m.Last().Item2, StringComparer.Ordinal))
    {
        IsSelective = row.IsSelective,
        FailureReason = row.Status == "Failed" ? row.FailureReason?.TrimEnd().Split('\n')[^1].Trim() : null,
    };

    /// <summary>The metrics of the evaluation's report, as SageMaker's model quality reports have them: GROUP.METRIC.value.</summary>
    private IEnumerable<(string Metric, double Value)> Reported(ExecutionRow row) =>
        row is { ModelGroup: { } group, ModelVersion: { } version } && registry.Models.Find(group, version) is { } model
            ? model.Metrics.Select(m => (Path: m.Key.Split('.'), m.Value)).Where(m => m.Path is [_, _, "value"]).Select(m => (m.Path[1], m.Value))
            : [];

    private Dictionary<(string? Step, string Item), string> Facts(ExecutionRow row)
    {
        var facts = new Dictionary<(string?, string), string> { [(null, "status")] = row.Status };
        if (row.ModelVersion is { } version)
            facts[(null, "version")] = version.ToString(CultureInfo.InvariantCulture);
        foreach (var (metric, value) in Reported(row))
            facts[(null, $"metric '{metric}'")] = value.ToString("G6", CultureInfo.InvariantCulture);
        foreach (var (name, value) in registry.Executions.Parameters(row.Id))
            facts[(null, $"parameter '{name}'")] = value?.ToString() ?? "";
        foreach (var step in registry.Executions.Steps(row.Id))
        {
            facts[(step.Name, "status")] = step.Status;
            foreach (var (metric, value) in registry.Executions.Metrics(row.Id, step.Name))
                facts[(step.Name, $"metric '{metric}'")] = value.ToString("G6", CultureInfo.InvariantCulture);
            foreach (var (output, uri) in StepOutputs.Of(registry.Executions.Properties(row.Id, step.Name)))
            {
                if (registry.Executions.RecordedHash(uri) is { } sha256)
                    facts[(step.Name, output)] = Short(sha256)!;
            }
        }

        return facts;
    }

    private static string? Short(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigit) ? text[..ShownHash] : text;
}
