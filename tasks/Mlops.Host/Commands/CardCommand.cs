using System.CommandLine;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>The model card of a version, in Markdown.</summary>
internal static class CardCommand
{
    public static Command Create()
    {
        var version = new Argument<int?>("version") { Description = "The model version. Default: the newest.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--out") { Description = "Write it to this file." };
        var command = new Command("card", "Prints a version's model card: intended uses, data, code, parameters, metrics, decisions and stages.") { version, file };
        VerbRunner.Set(command, new CommonOptions { PrintsItself = _ => true }, async (parsed, context, cancellation) =>
        {
            var card = await CardVerb.RunAsync(context, parsed.GetValue(version), cancellation);
            if (parsed.GetValue(file) is not { } path)
            {
                await Console.Out.WriteAsync(card.ToMarkdown().AsMemory(), cancellation);
                return null;
            }

            try
            {
                await File.WriteAllTextAsync(path, card.ToMarkdown(), cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw PlatformErrors.NotWritten("model card", path, e.Message).ToException();
            }

            return new Outcome { Verb = "card", Version = card.Version.Version, PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
