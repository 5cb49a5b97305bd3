using System.CommandLine;
using System.Diagnostics;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Triggers;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Keeps the schedules and watches the data of a repository. What is to be done is done by this program, started anew: always with the newest build.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Look once, do what is due, and end." };
        var command = new Command("watch", "Retrains and predicts batches when their schedules and new data say so, until it is stopped.") { once };
        var options = new CommonOptions();
        VerbRunner.Set(command, options, async (parsed, context, cancellation) =>
        {
            var platform = context.Local("watch");
            using var held = platform.HoldWatch();
            var (watch, built) = Open(platform, context.Workspace);
            foreach (var watched in watch.Watched)
                context.Events.Add(new Notice($"watching {watched}"));

            var done = false;
            while (true)
            {
                foreach (var action in watch.Look())
                {
                    await DoAsync(context, watch, action, options.Json(parsed), cancellation);
                    done = true;
                }

                if (parsed.GetValue(once))
                    return new Outcome { Verb = "watch", Changed = done, PipelineName = context.Workspace.Deployment.PipelineName };
                await Task.Delay(Pause, cancellation);
                if (Stamp(context.Workspace) != built)
                    (watch, built) = Reopen(platform, context, options, parsed, watch);
            }
        });
        return command;
    }

    private static (TriggerWatch Watch, DateTime Built) Open(LocalPlatform platform, Workspace workspace) => (platform.Watch(workspace), Stamp(workspace));

    /// <summary>After a build; one that is under way, or broken, is left alone until the next.</summary>
    private static (TriggerWatch Watch, DateTime Built) Reopen(LocalPlatform platform, VerbContext context, CommonOptions options, ParseResult parsed, TriggerWatch before)
    {
        var stamp = Stamp(context.Workspace);
        try
        {
            var (watch, built) = Open(platform, options.Workspace(parsed));
            context.Events.Add(new Notice("The repository was built again: watching by its new settings."));
            return (watch, built);
        }
        catch (PlatformException e)
        {
            context.Events.Add(e.Problem with { Severity = "Warning" });
            return (before, stamp);
        }
    }

    private static DateTime Stamp(Workspace workspace) => File.GetLastWriteTimeUtc(Path.Combine(workspace.Artifacts, "deployment.json"));

    private static async Task DoAsync(VerbContext context, TriggerWatch watch, DueAction action, bool json, CancellationToken cancellation)
    {
        foreach (var reason in action.Reasons)
            context.Events.Add(new Notice($"due: {reason}"));
        watch.Begin(action);
        var start = new ProcessStartInfo(DotnetHost.Path, ["exec", VerbRunner.ProgramPath, .. action.Arguments, "--project", context.Workspace.Repository, "--artifacts", context.Workspace.Artifacts, "--end-with-input", .. json ? ["--json"] : Array.Empty<string>()])
        {
            RedirectStandardInput = true, // It ends with this program.
        };
        using var process = Process.Start(start)!;
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // Not done, and so due again when the next watch begins.
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        watch.End(action);
        context.Events.Add(new Notice(process.ExitCode == ExitCodes.Done ? $"{action.Name}: done" : $"{action.Name}: failed; it is tried again when its triggers next say so"));
    }
}
