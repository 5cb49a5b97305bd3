using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Local;
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
            var watched = Watched.Open(platform, context.Workspace);
            foreach (var trigger in watched.Triggers.Watched)
                context.Events.Add(new Notice($"watching {trigger}"));

            var (done, failed) = (false, false);
            IReadOnlyList<string> told = [];
            while (true)
            {
                foreach (var action in watched.Triggers.Look())
                {
                    failed |= !await DoAsync(context, watched, action, options.Json(parsed), cancellation);
                    done = true;
                }

                foreach (var waiting in watched.Triggers.Waiting.Except(told))
                    context.Events.Add(new Notice(waiting));
                told = watched.Triggers.Waiting;
                if (parsed.GetValue(once))
                    return failed ? throw LocalErrors.ActionFailed().ToException() : new Outcome { Verb = "watch", Changed = done, PipelineName = context.Workspace.Deployment.PipelineName };
                await Task.Delay(Pause, cancellation);
                if (watched.IsStale)
                    watched = Reopen(platform, context, watched);
            }
        });
        return command;
    }

    /// <summary>After a build; one that is under way, or broken, is left alone until the next.</summary>
    private static Watched Reopen(LocalPlatform platform, VerbContext context, Watched before)
    {
        try
        {
            var watched = Watched.Open(platform, Workspace.Load(context.Workspace.Repository, context.Workspace.Artifacts));
            context.Events.Add(new Notice("The repository was built again: watching by its new settings."));
            return watched;
        }
        catch (PlatformException e)
        {
            context.Events.Add(e.Problem.AsWarning());
            return before with { Built = Watched.Stamp(before.Workspace) };
        }
    }

    /// <returns>Whether it was done.</returns>
    private static async Task<bool> DoAsync(VerbContext context, Watched watched, DueAction action, bool json, CancellationToken cancellation)
    {
        foreach (var reason in action.Reasons)
            context.Events.Add(new Notice($"due: {reason}"));
        watched.Triggers.Begin(action);
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

        if (process.ExitCode is not (ExitCodes.Done or ExitCodes.Errors))
        {
            // A signal, the system's want of memory, or another run in its place: none says that the action is done, or would fail again.
            var pause = watched.Triggers.BreakOff(action);
            context.Events.Add(new Notice(string.Create(CultureInfo.InvariantCulture, $"{action.Name}: broken off (exit code {process.ExitCode}); it is tried again in {pause.TotalSeconds} s")));
            return false;
        }

        watched.Triggers.End(action);
        var done = process.ExitCode == ExitCodes.Done;
        context.Events.Add(new Notice(done ? $"{action.Name}: done" : $"{action.Name}: failed; it is tried again when its triggers next say so"));
        return done;
    }

    /// <param name="Built">When the artifacts were, by which it is watched.</param>
    private sealed record Watched(TriggerWatch Triggers, Workspace Workspace, DateTime Built)
    {
        public bool IsStale => Stamp(Workspace) != Built;

        public static Watched Open(LocalPlatform platform, Workspace workspace) => new(platform.Watch(workspace), workspace, Stamp(workspace));

        public static DateTime Stamp(Workspace workspace) => File.GetLastWriteTimeUtc(Path.Combine(workspace.Artifacts, ArtifactFiles.Deployment));
    }
}
