using Amazon.SageMaker;
using Amazon.SageMaker.Model;
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

    public async Task<EndedExecution> FollowAsync(string pipeline, string arn, CancellationToken cancellation)
    {
        var id = arn[(arn.LastIndexOf('/') + 1)..];
        events.Add(new ExecutionChanged(pipeline, id, "Executing"));
        var waits = new Waits(LongestPause);
        try
        {
            while (true)
            {
                var execution = await clients.SageMaker.DescribePipelineExecutionAsync(new DescribePipelineExecutionRequest { PipelineExecutionArn = arn }, cancellation);
                var steps = await StepsAsync(arn, cancellation);
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
        catch (OperationCanceledException)
        {
            events.Add(new Notice($"Execution {id} goes on in SageMaker. The same command follows it again; 'aws sagemaker stop-pipeline-execution --pipeline-execution-arn {arn}' ends it."));
            throw;
        }
    }

    /// <summary>All steps that have begun, in the order in which they did.</summary>
    public async Task<IReadOnlyList<PipelineExecutionStep>> StepsAsync(string arn, CancellationToken cancellation)
    {
        var steps = new List<PipelineExecutionStep>();
        string? token = null;
        do
        {
            var answer = await clients.SageMaker.ListPipelineExecutionStepsAsync(new ListPipelineExecutionStepsRequest { PipelineExecutionArn = arn, NextToken = token, MaxResults = 100, SortOrder = SortOrder.Ascending }, cancellation);
            steps.AddRange(answer.PipelineExecutionSteps ?? []);
            token = answer.NextToken;
        }
        while (token is not null);
        return steps;
    }

    private async Task<bool> ShowAsync(IReadOnlyList<PipelineExecutionStep> steps, CancellationToken cancellation)
    {
        var changed = false;
        foreach (var step in steps)
        {
            var status = step.StepStatus.Value;
            if (shown.GetValueOrDefault(step.StepName) == status || (status is "Starting" && shown.ContainsKey(step.StepName)))
                continue;
            shown[step.StepName] = status;
            changed = true;
            var ended = status is "Succeeded" or "Failed" or "Stopped";
            if (status is "Failed")
                await ShowLogAsync(step, cancellation);
            events.Add(new StepChanged(
                step.StepName, Type(step.Metadata), ended ? status : "Executing", ended && step.EndTime is { } end && step.StartTime is { } start ? Math.Max(0, (end - start).TotalSeconds) : null,
                step.CacheHitResult is not null, step.FailureReason));
            if (status is "Succeeded" && step.Metadata?.TrainingJob?.Arn is { } training)
                await ShowMetricsAsync(step.StepName, training, cancellation);
        }

        return changed;
    }

    private static string Type(PipelineExecutionStepMetadata? metadata) => metadata switch
    {
        { ProcessingJob: not null } => "Processing",
        { TrainingJob: not null } => "Training",
        { TuningJob: not null } => "Tuning",
        { TransformJob: not null } => "Transform",
        { Model: not null } => "Model",
        { RegisterModel: not null } => "RegisterModel",
        { Condition: not null } => "Condition",
        { Fail: not null } => "Fail",
        { Lambda: not null } => "Lambda",
        { Callback: not null } => "Callback",
        { EMR: not null } => "EMR",
        _ => "Step",
    };

    private async Task ShowMetricsAsync(string step, string arn, CancellationToken cancellation)
    {
        var job = await clients.SageMaker.DescribeTrainingJobAsync(new DescribeTrainingJobRequest { TrainingJobName = arn[(arn.LastIndexOf('/') + 1)..] }, cancellation);
        foreach (var metric in job.FinalMetricDataList ?? [])
            events.Add(new MetricMeasured(step, metric.MetricName, metric.Value ?? 0));
    }

    private async Task ShowLogAsync(PipelineExecutionStep step, CancellationToken cancellation)
    {
        var (group, job) = step.Metadata switch
        {
            { ProcessingJob.Arn: { } arn } => ("/aws/sagemaker/ProcessingJobs", arn),
            { TrainingJob.Arn: { } arn } => ("/aws/sagemaker/TrainingJobs", arn),
            { TransformJob.Arn: { } arn } => ("/aws/sagemaker/TransformJobs", arn),
            _ => (null, ""),
        };
        if (group is null)
            return;
        foreach (var line in await new JobLogs(clients).TailAsync(group, job[(job.LastIndexOf('/') + 1)..], cancellation))
            events.Add(new Notice($"{step.StepName} | {line}"));
    }
}
