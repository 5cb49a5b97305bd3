using System.CommandLine;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Stages;

namespace Mlops.Host.Commands;

/// <summary>Sends records through a stage's endpoint: of a pipe, or of the stream that the stage reads.</summary>
internal static class StreamCommand
{
    public static Command Create()
    {
        var input = new Argument<string?>("records") { Description = "A file with a record a line, or '-': standard input. Default: the folder of the stage's stream, read on and on.", Arity = ArgumentArity.ZeroOrOne };
        var stage = new Option<string?>("--stage") { Description = "The stage whose endpoint predicts. Default: the first with a stream." };
        var once = new Option<bool>("--once") { Description = "End when all that lies in the stream's folder is predicted." };
        var command = new Command("stream", "Predicts records as they come, a line each: of a pipe to standard output, or of the stage's stream to its destination.") { input, stage, once };
        command.Validators.Add(result =>
        {
            if (result.GetValue(input) is not null && result.GetResult(once) is { Implicit: false })
                result.AddError("'--once' is for the stage's stream; RECORDS have an end of their own.");
        });
        VerbRunner.Set(command, new CommonOptions { PrintsItself = parsed => parsed.GetValue(input) is not null }, async (parsed, context, cancellation) =>
        {
            var chosen = parsed.GetValue(stage) is { } name ? context.Workspace.Stage(name)
                : context.Workspace.Deployment.Stages.FirstOrDefault(s => s.Stream is not null) ?? throw LocalErrors.NoStream(context.Workspace.Deployment.Stages is [var first, ..] ? first.Name : "").ToException();
            var stream = context.Local("stream").Stream(chosen);
            if (parsed.GetValue(input) is { } records)
            {
                Tell(context.Events, await PipeAsync(stream, records, cancellation), stream);
                return null;
            }

            context.Events.Add(new Notice($"{stream.Source}{Path.DirectorySeparatorChar}*.jsonl -> {stream.Destination}"));
            var progress = await stream.FollowAsync(parsed.GetValue(once), cancellation);
            Tell(context.Events, progress, stream);
            return new Outcome { Verb = "stream", Changed = progress.Predicted > 0, PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }

    private static async Task<StreamProgress> PipeAsync(LocalStream stream, string records, CancellationToken cancellation)
    {
        try
        {
            using var reader = records == "-" ? new StreamReader(Console.OpenStandardInput()) : new StreamReader(records);
            await using var writer = new StreamWriter(Console.OpenStandardOutput()) { NewLine = "\n" };
            return await stream.PredictAsync(reader, writer, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.PayloadUnreadable(records, e.Message).ToException();
        }
    }

    private static void Tell(IEventSink events, StreamProgress progress, LocalStream stream)
    {
        foreach (var file in progress.Unfinished)
            events.Add(new Notice($"{file}: its last line has no end yet, and is no record until it has"));
        if (progress.Failed > 0)
            events.Add(LocalErrors.RecordsFailed(progress.Failed, progress.Predicted + progress.Failed, stream.Failures));
    }
}
