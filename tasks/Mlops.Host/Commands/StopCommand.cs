using System.CommandLine;
using Mlops.Platform.Events;

namespace Mlops.Host.Commands;

internal static class StopCommand
{
    public static Command Create()
    {
        var command = new Command("stop", "Stops the endpoint server and the models that it serves. The next deploy starts them again.");
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true, IsAudited = true }, async (_, context, cancellation) =>
        {
            var stopped = await context.Local("stop").StopServingAsync(cancellation);
            context.Events.Add(new Notice(stopped ? "The endpoint server is stopped." : "No endpoint server was running."));
            return new Outcome { Verb = "stop", Changed = stopped };
        });
        return command;
    }
}
