using System.CommandLine;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Prints the log of a step's last run, or of a stage's model.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "A step, or a stage." };
        var command = new Command("logs", "Prints the log of a step's last run, or of the model that a stage serves.") { name };
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true }, async (parsed, context, cancellation) =>
        {
            var wanted = parsed.GetValue(name)!;
            var log = context.Local("logs").FindLog(wanted, context.Workspace);
            if (log is null || !File.Exists(log))
                throw PlatformErrors.NoLog(wanted).ToException();
            await using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var output = Console.OpenStandardOutput();
            await file.CopyToAsync(output, cancellation);
            return null;
        });
        return command;
    }
}
