using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Ports;

namespace Mlops.Host.Commands;

/// <summary>Sends a file, or standard input, to a stage's endpoint and prints the answer.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var payload = new Argument<string?>("payload") { Description = "A file; '-' or nothing: standard input.", Arity = ArgumentArity.ZeroOrOne };
        var stage = new Option<string?>("--stage") { Description = "The stage to ask. Default: the first with an endpoint." };
        var type = new Option<string?>("--content-type") { Description = "What the payload is. Default: the first of inference.content_types." };
        var accept = new Option<string?>("--accept") { Description = "What the answer should be." };
        var command = new Command("predict", "Asks a deployed model for predictions.") { payload, stage, type, accept };
        VerbRunner.Set(command, new CommonOptions { PrintsItself = _ => true }, async (parsed, context, cancellation) =>
        {
            var deployment = context.Workspace.Deployment;
            var name = parsed.GetValue(stage) ?? deployment.Stages.OrderBy(s => s.Endpoint is null).Select(s => s.Name).FirstOrDefault() ?? throw PlatformErrors.NothingToDeploy().ToException();
            var body = await ReadAsync(parsed.GetValue(payload), cancellation);
            var answer = await context.Platform.Stages.InvokeAsync(
                context.Workspace.Stage(name), new InvokeRequest(body, parsed.GetValue(type) ?? Taken(context.Workspace), parsed.GetValue(accept)), cancellation);
            if (answer.Status is < 200 or >= 300)
                throw PlatformErrors.PredictionRefused(name, answer.Status, Message(Encoding.UTF8.GetString(answer.Body))).ToException();
            // As it came: NPY and images are no text.
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(answer.Body, cancellation);
            return null;
        });
        return command;
    }

    /// <summary>What the model takes first, as it is registered.</summary>
    private static string Taken(Workspace workspace) => workspace.Pipeline.AllSteps.Where(s => s.Type == StepTypes.RegisterModel)
        .SelectMany(s => Json.Texts(s.Arguments["InferenceSpecification"]?["SupportedContentTypes"])).FirstOrDefault() ?? "text/csv";

    /// <summary>The model's own words, where the answer is an error of SageMaker Runtime's shape.</summary>
    private static string Message(string text)
    {
        try
        {
            var json = JsonNode.Parse(text);
            return (json?["OriginalMessage"] ?? json?["Message"])?.ToString() ?? text.Trim();
        }
        catch (JsonException)
        {
            return text.Trim();
        }
    }

    private static async Task<byte[]> ReadAsync(string? file, CancellationToken cancellation)
    {
        try
        {
            if (Directory.Exists(file))
                throw PlatformErrors.PayloadUnreadable(file, "it is a folder.").ToException();
            if (file is not (null or "-"))
                return await File.ReadAllBytesAsync(file, cancellation);
            using var buffer = new MemoryStream();
            await using var input = Console.OpenStandardInput();
            // A terminal and a pipe do not end a read that is under way.
            await input.CopyToAsync(buffer, cancellation).WaitAsync(cancellation);
            return buffer.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.PayloadUnreadable(file ?? "-", e.Message).ToException();
        }
    }
}
