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
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true, PrintsItself = _ => true }, async (parsed, context, cancellation) =>
        {
            await using var output = Console.OpenStandardOutput();
            return await context.Platform.CopyLogAsync(parsed.GetValue(name)!, output, cancellation) ? null : throw PlatformErrors.NoLog(parsed.GetValue(name)!, context.Platform.Name).ToException();
        });
        return command;
    }
}
