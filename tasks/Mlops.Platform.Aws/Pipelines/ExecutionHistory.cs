using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>Earlier executions of a pipeline: what they did, and how two of them differ.</summary>
/// <param name="models">For the metrics of the versions that they made.</param>
/// <param name="group">The model package group.</param>
internal sealed class ExecutionHistory(AwsClients clients, IModelRegistry models, string group)
{
    /// <summary>How many executions back are looked at.</summary>
    public const int LookedAt = 50;

    /// <summary>How the display names of selective executions begin.</summary>
    public const string Selective = "select-";

    private const int LargestPage = 100;

    /// <summary>The newest ones, the newest first; none where there is no such pipeline.</summary>
    public Task<IReadOnlyList<PipelineExecutionSummary>> NewestAsync(string pipeline, int count, CancellationToken cancellation) => NewestAsync(clients, pipeline, count, cancellation);

    /// <summary>The newest ones of a pipeline of any account, the newest first; none where there is no such pipeline.</summary>
    public static async Task<IReadOnlyList<PipelineExecutionSummary>> NewestAsync(AwsClients clients, string pipeline, int count, CancellationToken cancellation)
    {
        try
        {
            var request = new ListPipelineExecutionsRequest { PipelineName = pipeline, MaxResults = Math.Min(count, LargestPage), SortBy = SortPipelineExecutionsBy.CreationTime, SortOrder = SortOrder.Descending };
            return await Pages.AllAsync(
                token =>
                {
                    request.NextToken = token;
                    return clients.SageMaker.ListPipelineExecutionsAsync(request, cancellation);
                },
                a => a.PipelineExecutionSummaries,
                a => a.NextToken).Take(count).ToListAsync(cancellation);
        }
        catch (ResourceNotFoundException)
        {
            return [];
        }
    }

    public async Task<IReadOnlyList<RunListed>> ListAsync(string pipeline, int count, bool whole, CancellationToken cancellation)
    {
        var listed = await NewestAsync(pipeline, count, cancellation);
        if (!whole)
        {
            // Of the newest, people ask why; SageMaker says of the whole only that a step failed.
            var cause = listed is [var last, ..] && last.PipelineExecutionStatus == PipelineExecutionStatus.Failed ? Cause(await ExecutionSteps.OfAsync(clients, last.PipelineExecutionArn, cancellation)) : null;
            return [.. listed.Select((e, i) => Listed(e, null, null, new Dictionary<string, double>(), i == 0 ? cause : null))];
        }

        return await Questions.AskAsync(listed, DescribeAsync, cancellation);
    }

    private async Task<RunListed> DescribeAsync(PipelineExecutionSummary execution, CancellationToken cancellation)
    {
        var steps = await ExecutionSteps.OfAsync(clients, execution.PipelineExecutionArn, cancellation);
        var end = execution.PipelineExecutionStatus == PipelineExecutionStatus.Executing ? null : steps.Max(s => s.EndTime);
        var metrics = (await MetricsAsync(steps, cancellation)).GroupBy(m => m.Metric, StringComparer.Ordinal).ToDictionary(m => m.Key, m => m.Last().Value, StringComparer.Ordinal);
        double? seconds = end is { } ended && execution.StartTime is { } start ? Math.Max(0, (ended - start).TotalSeconds) : null;
        return Listed(execution, seconds, ExecutionSteps.Version(steps), metrics, Cause(steps));
    }

    /// <param name="id">Or its first characters.</param>
    public async Task<PipelineExecutionSummary> FindAsync(string pipeline, string id, CancellationToken cancellation)
    {
        var newest = await NewestAsync(pipeline, LookedAt, cancellation);
        var found = newest.Where(e => Id(e).StartsWith(id, StringComparison.Ordinal)).ToList();
        return found.Count == 1 ? found[0] : throw AwsErrors.UnknownExecution(id, [.. (found.Count > 1 ? found : newest.Take(5)).Select(Id)]).ToException();
    }

    /// <summary>Parameters, what each step was asked for, how it ended, and metrics.</summary>
    public async Task<IReadOnlyList<RunDifference>> CompareAsync(string pipeline, string first, string second, CancellationToken cancellation)
    {
        var (before, after) = (await FactsAsync(await FindAsync(pipeline, first, cancellation), cancellation), await FactsAsync(await FindAsync(pipeline, second, cancellation), cancellation));
        return [.. before.Keys.Concat(after.Keys).Distinct().Where(f => before.GetValueOrDefault(f) != after.GetValueOrDefault(f))
            .Select(f => new RunDifference(f.Step, f.Item, before.GetValueOrDefault(f), after.GetValueOrDefault(f)))];
    }

    public static string Id(PipelineExecutionSummary execution) => ExecutionSteps.NameOf(execution.PipelineExecutionArn);

    /// <summary>The first step that failed, and its reason; null: none did.</summary>
    private static string? Cause(IReadOnlyList<PipelineExecutionStep> steps) =>
        steps.FirstOrDefault(s => s.StepStatus == StepStatus.Failed) is { } failed ? $"{failed.StepName}: {failed.FailureReason ?? "no reason was given"}" : null;

    /// <param name="cause">Where it is known why the execution failed.</param>
    private static RunListed Listed(PipelineExecutionSummary execution, double? seconds, int? version, IReadOnlyDictionary<string, double> metrics, string? cause) =>
        new(Id(execution), execution.PipelineExecutionStatus.Value, execution.StartTime ?? default(DateTime), seconds, version, metrics) { FailureReason = cause ?? execution.PipelineExecutionFailureReason, IsSelective = execution.PipelineExecutionDisplayName?.StartsWith(Selective, StringComparison.Ordinal) == true };

    private async Task<IReadOnlyDictionary<(string? Step, string Item), string>> FactsAsync(PipelineExecutionSummary execution, CancellationToken cancellation)
    {
        var facts = new Dictionary<(string?, string), string> { [(null, "status")] = execution.PipelineExecutionStatus.Value };
        var steps = await ExecutionSteps.OfAsync(clients, execution.PipelineExecutionArn, cancellation);
        if (ExecutionSteps.Version(steps) is { } version)
            facts[(null, "version")] = version.ToString(CultureInfo.InvariantCulture);
        var definition = await DefinitionAsync(execution, cancellation);
        foreach (var parameter in definition.Parameters.Where(p => p.Default is not null))
            facts[(null, $"parameter '{parameter.Name}'")] = parameter.Default!.ToString();
        await foreach (var parameter in ParametersOf(execution, cancellation))
            facts[(null, $"parameter '{parameter.Name}'")] = parameter.Value;
        foreach (var (step, metric, value) in await MetricsAsync(steps, cancellation))
            facts[(step, $"metric '{metric}'")] = value.ToString("G6", CultureInfo.InvariantCulture);
        foreach (var step in steps)
            facts[(step.StepName, "status")] = step.StepStatus.Value;
        foreach (var step in definition.AllSteps)
            AddLeaves(step.Type == StepTypes.Condition ? step.Arguments["Conditions"] : step.Arguments, "", (path, value) => facts[(step.Name, path)] = value);
        return facts;
    }

    private async Task<PipelineDefinition> DefinitionAsync(PipelineExecutionSummary execution, CancellationToken cancellation)
    {
        var answer = await clients.SageMaker.DescribePipelineDefinitionForExecutionAsync(new DescribePipelineDefinitionForExecutionRequest { PipelineExecutionArn = execution.PipelineExecutionArn }, cancellation);
        try
        {
            return PipelineDefinition.Parse(answer.PipelineDefinition);
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.Definition(e.Message).ToException();
        }
    }

    private IAsyncEnumerable<Parameter> ParametersOf(PipelineExecutionSummary execution, CancellationToken cancellation) => Pages.AllAsync(
        token => clients.SageMaker.ListPipelineParametersForExecutionAsync(new ListPipelineParametersForExecutionRequest { PipelineExecutionArn = execution.PipelineExecutionArn, NextToken = token }, cancellation),
        a => a.PipelineParameters,
        a => a.NextToken);

    /// <summary>Those of trainings, and those of the evaluation's report (GROUP.METRIC.value), which have no step.</summary>
    private async Task<IReadOnlyList<(string? Step, string Metric, double Value)>> MetricsAsync(IReadOnlyList<PipelineExecutionStep> steps, CancellationToken cancellation)
    {
        var found = new List<(string?, string, double)>();
        foreach (var step in steps)
            found.AddRange((await ExecutionSteps.MetricsAsync(clients, step, cancellation)).Select(m => ((string?)step.StepName, m.MetricName, (double)(m.Value ?? 0))));
        if (ExecutionSteps.Version(steps) is { } version)
            found.AddRange((await models.MetricsAsync(group, version, cancellation)).Select(m => (Path: m.Key.Split('.'), m.Value)).Where(m => m.Path is [_, _, "value"]).Select(m => ((string?)null, m.Path[1], m.Value)));
        return found;
    }

    private static void AddLeaves(JsonNode? node, string path, Action<string, string> add)
    {
        switch (node)
        {
            // What a run puts in is no part of the definition.
            case JsonObject o when !Expression.IsExpression(o):
                foreach (var (name, value) in o)
                    AddLeaves(value, path.Length == 0 ? name : $"{path}.{name}", add);
                break;
            case JsonArray a:
                for (var i = 0; i < a.Count; i++)
                    AddLeaves(a[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), add);
                break;
            case not null:
                add(path, node is JsonObject ? node.ToJsonString() : node.ToString());
                break;
        }
    }
}
