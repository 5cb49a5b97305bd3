using System.CommandLine;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>approve and reject.</summary>
internal static class ApproveCommand
{
    public static Command Create(bool approve)
    {
        var version = VersionOption.Create("The model version. Default: the newest.");
        var stage = new Option<string?>("--stage") { Description = "The stage. Default: the last one with manual approval." };
        var reason = new Option<string?>("--reason") { Description = "Why." };
        var command = new Command(approve ? "approve" : "reject", approve ? "Lets a model version into a stage." : "Keeps a model version out of a stage.") { version, stage, reason };
        VerbRunner.Set(command, new CommonOptions { IsAudited = true }, async (parsed, context, cancellation) =>
            await ApproveVerb.RunAsync(context, approve, parsed.GetValue(version), parsed.GetValue(stage), parsed.GetValue(reason), cancellation));
        return command;
    }
}
