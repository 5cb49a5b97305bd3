using System.CommandLine;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Host.Commands;

/// <summary>Predicts a whole data set with the version that a stage serves.</summary>
internal static class BatchCommand
{
    public static Command Create()
    {
        var stage = new Option<string?>("--stage") { Description = "The stage whose version predicts. Default: the first with a batch." };
        var input = new Option<string?>("--input") { Description = "A file, a folder or an S3 URI; on aws an S3 URI below the stage's batch.input. Default: the stage's batch.input." };
        var output = new Option<string?>("--output") { Description = "A folder or an S3 URI; on aws an S3 URI below the stage's batch.output. Default: the stage's batch.output." };
        var stop = RunOptions.StopOnCancel();
        var command = new Command("batch", "Predicts a data set with the version that a stage serves; FILE.out holds the predictions for FILE.") { stage, input, output, stop };
        VerbRunner.Set(command, new CommonOptions { IsAudited = true }, async (parsed, context, cancellation) =>
        {
            var deployment = context.Workspace.Deployment;
            var chosen = parsed.GetValue(stage) is { } name ? context.Workspace.Stage(name)
                : deployment.Stages.FirstOrDefault(s => s.Batch is not null) ?? throw PlatformErrors.NoBatch(deployment.Stages is [var first, ..] ? first.Name : "").ToException();
            await using var held = await context.Platform.LockAsync("batch", cancellation);
            var result = await context.Platform.Stages.PredictAsync(chosen, new BatchRequest(parsed.GetValue(input), parsed.GetValue(output), parsed.GetValue(stop)), cancellation);
            context.Events.Add(new Notice($"Predicted by version {result.Version}: {result.Output}"));
            return new Outcome { Verb = "batch", Changed = true, PipelineName = deployment.PipelineName, Version = result.Version, ExecutionId = result.ExecutionId };
        });
        return command;
    }
}
