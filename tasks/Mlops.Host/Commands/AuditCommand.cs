using System.CommandLine;
using Mlops.Platform.Events;

namespace Mlops.Host.Commands;

/// <summary>Who did what, of which commit, and how it ended.</summary>
internal static class AuditCommand
{
    private const int Shown = 20;

    public static Command Create()
    {
        var count = CountOption.Create("--count", "How many entries, the newest first.", Shown);
        var command = new Command("audit", "Lists the verbs that changed something, failed or were broken off: who, when, which commit, how it ended.") { count };
        VerbRunner.Set(command, new CommonOptions(), async (parsed, context, cancellation) =>
        {
            foreach (var entry in await context.Platform.AuditAsync(parsed.GetValue(count), cancellation))
                context.Events.Add(entry);
            return new Outcome { Verb = "audit", PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
