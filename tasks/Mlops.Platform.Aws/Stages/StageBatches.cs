using System.Globalization;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Pipelines;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Stages;

/// <summary>Predictions for whole data sets: executions of the batch pipeline that a stage's stack holds.</summary>
internal sealed class StageBatches(AwsAccess access, IEventSink events)
{
    /// <summary>Names of the pipeline's parameters, as the deploy template has them.</summary>
    private const string Input = "input", Output = "output";

    /// <summary>How many executions back one of the same command is looked for: it would be running.</summary>
    private const int LookedAt = 10;

    /// <param name="version">That the stage serves.</param>
    public async Task<BatchResult> PredictAsync(Stage stage, int version, BatchRequest request, CancellationToken cancellation)
    {
        var batch = stage.Batch ?? throw PlatformErrors.NoBatch(stage.Name).ToException();
        var to = Json.Text(batch.Transform["TransformOutput"]!["S3OutputPath"]);
        List<Parameter> places =
        [
            .. Place(stage, Input, request.Input, Json.Text(batch.Transform["TransformInput"]!["DataSource"]!["S3DataSource"]!["S3Uri"])),
            .. Place(stage, Output, request.Output, to),
        ];
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        var arn = await StartOrFindAsync(clients, PipelineOf(stage), version, places);
        var ended = await new ExecutionFollower(clients, events).FollowAsync(PipelineOf(stage), arn, request.StopsWhenCancelled, cancellation);
        return ended.Status switch
        {
            "Succeeded" => new BatchResult(version, request.Output ?? to, ExecutionSteps.NameOf(arn)),
            "Stopped" => throw PlatformErrors.RunStopped(ExecutionSteps.NameOf(arn)).ToException(),
            _ => throw AwsErrors.BatchFailed(stage.Name, ended.Steps.Select(s => s.FailureReason).FirstOrDefault(r => r is not null) ?? ended.FailureReason ?? "SageMaker gives no reason.").ToException(),
        };
    }

    /// <summary>What the stage's newest batch wrote. Returns false where none has run.</summary>
    public async Task<bool> CopyLogAsync(Stage stage, Stream output, CancellationToken cancellation)
    {
        var clients = await access.OpenAsync(stage.Aws, cancellation);
        foreach (var execution in await ExecutionHistory.NewestAsync(clients, PipelineOf(stage), LookedAt, cancellation))
        {
            foreach (var step in await ExecutionSteps.OfAsync(clients, execution.PipelineExecutionArn, cancellation))
            {
                if (ExecutionSteps.Log(step) is { } log && await new JobLogs(clients).CopyAsync(log.Group, log.Job + "/", output, cancellation))
                    return true;
            }
        }

        return false;
    }

    internal static string PipelineOf(Stage stage) => stage.EndpointName + "-batch";

    /// <summary>The stage's role may read and write what config.yaml says, and nothing else: a job elsewhere would fail after minutes.</summary>
    private static IEnumerable<Parameter> Place(Stage stage, string name, string? given, string configured)
    {
        if (given is null)
            return [];
        if (given.TrimEnd('/') != configured.TrimEnd('/') && !given.StartsWith(configured.TrimEnd('/') + "/", StringComparison.Ordinal))
            throw AwsErrors.BatchElsewhere(stage.Name, name, given, configured).ToException();
        return [new Parameter { Name = name, Value = given }];
    }

    /// <summary>Every command predicts anew, but for one that was interrupted: it follows its execution again.</summary>
    private async Task<string> StartOrFindAsync(AwsClients clients, string pipeline, int version, List<Parameter> places)
    {
        var name = "batch-" + Digest.Of(string.Join('\n', [version.ToString(CultureInfo.InvariantCulture), .. places.Select(p => $"{p.Name}={p.Value}")]))[..32];
        var same = (await ExecutionHistory.NewestAsync(clients, pipeline, LookedAt, CancellationToken.None)).FirstOrDefault(e => e.PipelineExecutionDisplayName == name && e.PipelineExecutionStatus == PipelineExecutionStatus.Executing);
        if (same is not null)
        {
            events.Add(new Notice($"Execution {ExecutionHistory.Id(same)} of the same batch is running: following it."));
            return same.PipelineExecutionArn;
        }

        // A start whose answer is lost is repeated with the same token, and starts nothing twice.
        return (await clients.SageMaker.StartPipelineExecutionAsync(
            new StartPipelineExecutionRequest { PipelineName = pipeline, PipelineExecutionDisplayName = name, PipelineParameters = places.Count == 0 ? null : places, ClientRequestToken = Guid.NewGuid().ToString("N") },
            CancellationToken.None)).PipelineExecutionArn;
    }
}
