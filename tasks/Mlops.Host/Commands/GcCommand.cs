using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Local;

namespace Mlops.Host.Commands;

/// <summary>Takes away what old runs left on this machine.</summary>
internal static class GcCommand
{
    public static Command Create()
    {
        var keep = CountOption.Create("--keep", "How many of the newest runs stay whole.", 10);
        var dry = new Option<bool>("--dry-run") { Description = "Say what would go, and take nothing away." };
        var command = new Command("gc", "Takes away what old runs left: logs, outputs, code and data that neither a newer run nor a registered version refers to.") { keep, dry };
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true, IsAudited = true }, async (parsed, context, cancellation) =>
        {
            await using var held = await context.Platform.LockAsync("gc", cancellation);
            var platform = context.Local("gc");
            var found = platform.Collector(context.Workspace).Find(parsed.GetValue(keep));
            if (!parsed.GetValue(dry))
                RunCollector.Delete(found);
            foreach (var (path, bytes) in found)
                context.Events.Add(new Notice($"{Path.GetRelativePath(context.Workspace.Repository, path).Replace('\\', '/')}  {RunCollector.Shown(bytes)}"));
            context.Events.Add(new Notice(found.Count == 0 ? "Nothing to take away." : $"{(parsed.GetValue(dry) ? "Would free" : "Freed")} {RunCollector.Shown(found.Sum(f => f.Bytes))}."));
            return new Outcome { Verb = "gc", Changed = found.Count > 0 && !parsed.GetValue(dry), PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
