using System.Globalization;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>The steps of an execution, as SageMaker lists them.</summary>
internal static class ExecutionSteps
{
    /// <summary>All steps that have begun, in the order in which they did.</summary>
    public static async Task<IReadOnlyList<PipelineExecutionStep>> OfAsync(AwsClients clients, string arn, CancellationToken cancellation) => await Pages.AllAsync(
        token => clients.SageMaker.ListPipelineExecutionStepsAsync(new ListPipelineExecutionStepsRequest { PipelineExecutionArn = arn, NextToken = token, MaxResults = 100, SortOrder = SortOrder.Ascending }, cancellation),
        a => a.PipelineExecutionSteps,
        a => a.NextToken).ToListAsync(cancellation);

    /// <summary>The version that its RegisterModel step made; null: none. What a selective execution took over is none of its own.</summary>
    public static int? Version(IEnumerable<PipelineExecutionStep> steps) =>
        steps.Where(s => s.SelectiveExecutionResult is null).Select(s => s.Metadata?.RegisterModel?.Arn).OfType<string>().Select(a => (int?)int.Parse(NameOf(a), CultureInfo.InvariantCulture)).FirstOrDefault();

    /// <summary>What stands last in an ARN.</summary>
    public static string NameOf(string arn) => ResourceNames.LastPart(arn);

    /// <summary>Of the step's kind; "Step": of another one.</summary>
    public static string Type(PipelineExecutionStepMetadata? metadata) => metadata switch
    {
        { ProcessingJob: not null } => StepTypes.Processing,
        { TrainingJob: not null } => StepTypes.Training,
        { TuningJob: not null } => StepTypes.Tuning,
        { TransformJob: not null } => StepTypes.Transform,
        { Model: not null } => StepTypes.Model,
        { RegisterModel: not null } => StepTypes.RegisterModel,
        { Condition: not null } => StepTypes.Condition,
        { Fail: not null } => StepTypes.Fail,
        { Lambda: not null } => StepTypes.Lambda,
        { Callback: not null } => StepTypes.Callback,
        { EMR: not null } => StepTypes.Emr,
        _ => "Step",
    };

    /// <summary>Where the step's program writes, and the name of its job; null: it has no program of its own.</summary>
    public static (string Group, string Job)? Log(PipelineExecutionStep step) => step.Metadata switch
    {
        { ProcessingJob.Arn: { } arn } => ("/aws/sagemaker/ProcessingJobs", NameOf(arn)),
        { TrainingJob.Arn: { } arn } => ("/aws/sagemaker/TrainingJobs", NameOf(arn)),
        { TransformJob.Arn: { } arn } => ("/aws/sagemaker/TransformJobs", NameOf(arn)),
        _ => null,
    };

    /// <summary>What a training's log was searched for, as far as it has come. What is no number, as of a training that diverged, is left out: JSON has none such.</summary>
    public static async Task<IReadOnlyList<MetricData>> MetricsAsync(AwsClients clients, PipelineExecutionStep step, CancellationToken cancellation)
    {
        if ((step.StepStatus != StepStatus.Succeeded && step.StepStatus != StepStatus.Executing) || step.Metadata?.TrainingJob?.Arn is not { } arn)
            return [];
        var job = await clients.SageMaker.DescribeTrainingJobAsync(new DescribeTrainingJobRequest { TrainingJobName = NameOf(arn) }, cancellation);
        return [.. (job.FinalMetricDataList ?? []).Where(m => m.Value is { } value && float.IsFinite(value))];
    }
}
