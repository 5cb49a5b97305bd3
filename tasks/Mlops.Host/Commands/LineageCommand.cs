using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Where a version comes from, and where it went.</summary>
internal static class LineageCommand
{
    public static Command Create()
    {
        var version = new Argument<int?>("version") { Description = "The model version. Default: the newest.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("lineage", "Shows of which commit, code, data and parameters a version was made, its metrics, decisions and stages.") { version };
        VerbRunner.Set(command, new CommonOptions(), async (parsed, context, cancellation) =>
        {
            var lineage = await LineageVerb.RunAsync(context, parsed.GetValue(version), cancellation);
            context.Events.Add(lineage);
            return new Outcome { Verb = "lineage", Version = lineage.Version, PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
