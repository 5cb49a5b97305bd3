using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Pipelines;

/// <param name="Status">Succeeded, Failed or Stopped.</param>
internal sealed record EndedExecution(string Status, string? FailureReason, IReadOnlyList<PipelineExecutionStep> Steps);

/// <summary>Follows an execution to its end: its steps as they change, metrics of trainings, the last lines of what failed.</summary>
internal sealed class ExecutionFollower(AwsClients clients, IEventSink events)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, string> shown = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Step, string Metric), double?> measured = [];

    public async Task<EndedExecution> FollowAsync(string pipeline, string arn, bool stopsWhenCancelled, CancellationToken cancellation)
    {
        var id = ExecutionSteps.NameOf(arn);
        events.Add(new ExecutionChanged(pipeline, id, "Executing"));
        var waits = new Waits(LongestPause);
        try
        {
            while (true)
            {
                var execution = await clients.SageMaker.DescribePipelineExecutionAsync(new DescribePipelineExecutionRequest { PipelineExecutionArn = arn }, cancellation);
                var steps = await ExecutionSteps.OfAsync(clients, arn, cancellation);
                var changed = await ShowAsync(steps, cancellation);
                var status = execution.PipelineExecutionStatus.Value;
                if (status is "Succeeded" or "Failed" or "Stopped")
                {
                    events.Add(new ExecutionChanged(pipeline, id, status));
                    return new EndedExecution(status, execution.FailureReason, steps);
                }

                if (changed)
                    waits.Reset();
                await waits.WaitAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            if (stopsWhenCancelled)
                await StopAsync(id, arn);
            else
                events.Add(new Notice($"Execution {id} goes on in SageMaker. The same command follows it again; '{StopCommand(arn)}' ends it."));
            throw;
        }
    }

    private async Task<bool> ShowAsync(IReadOnlyList<PipelineExecutionStep> steps, CancellationToken cancellation)
    {
        var changed = false;
        foreach (var step in steps)
        {
            var status = step.StepStatus.Value;
            if (status is "Executing")
                changed |= await ShowMetricsAsync(step, cancellation);
            if (shown.GetValueOrDefault(step.StepName) == status || (status is "Starting" && shown.ContainsKey(step.StepName)))
                continue;
            shown[step.StepName] = status;
            changed = true;
            var ended = status is "Succeeded" or "Failed" or "Stopped";
            if (status is "Failed")
                await ShowLogAsync(step, cancellation);
            events.Add(new StepChanged(
                step.StepName, ExecutionSteps.Type(step.Metadata), ended ? status : "Executing", ended && step.EndTime is { } end && step.StartTime is { } start ? Math.Max(0, (end - start).TotalSeconds) : null,
                step.CacheHitResult is not null, step.FailureReason));
            if (ended)
                await ShowMetricsAsync(step, cancellation);
        }

        return changed;
    }

    /// <summary>Shows what has another value than before.</summary>
    private async Task<bool> ShowMetricsAsync(PipelineExecutionStep step, CancellationToken cancellation)
    {
        var changed = false;
        foreach (var metric in await ExecutionSteps.MetricsAsync(clients, step, cancellation))
        {
            if (measured.TryGetValue((step.StepName, metric.MetricName), out var before) && before == metric.Value)
                continue;
            measured[(step.StepName, metric.MetricName)] = metric.Value;
            events.Add(new MetricMeasured(step.StepName, metric.MetricName, metric.Value ?? 0));
            changed = true;
        }

        return changed;
    }

    private async Task ShowLogAsync(PipelineExecutionStep step, CancellationToken cancellation)
    {
        if (ExecutionSteps.Log(step) is not { } log)
            return;
        foreach (var line in await new JobLogs(clients).TailAsync(log.Group, log.Job, cancellation))
            events.Add(new Notice($"{step.StepName} | {line}"));
    }

    /// <summary>Ends an execution for whoever stopped the command that followed it. Its jobs end a little later.</summary>
    private async Task StopAsync(string id, string arn)
    {
        try
        {
            await clients.SageMaker.StopPipelineExecutionAsync(new StopPipelineExecutionRequest { PipelineExecutionArn = arn, ClientRequestToken = Digest.Of("stop\n" + arn) }, CancellationToken.None);
            events.Add(new Notice($"Execution {id} ends: SageMaker was asked to stop it."));
        }
        catch (Exception e) when (e is Amazon.Runtime.AmazonServiceException or Amazon.Runtime.AmazonClientException or HttpRequestException or IOException)
        {
            // It may have ended, too: SageMaker says so with the same error as for what is wrong.
            events.Add(new Notice($"Execution {id} was not stopped: {PlatformErrors.Sentence(Failures.Said(e.Message))} If it goes on, '{StopCommand(arn)}' ends it."));
        }
    }

    private static string StopCommand(string arn) => $"aws sagemaker stop-pipeline-execution --pipeline-execution-arn {arn} --region {arn.Split(':')[3]}";
}
