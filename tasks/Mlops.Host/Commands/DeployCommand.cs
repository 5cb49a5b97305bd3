using System.CommandLine;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class DeployCommand
{
    public static Command Create()
    {
        var stage = new Option<string?>("--stage") { Description = "Deploy up to and with this stage; with --version, to this stage alone. Default: as far as approvals allow." };
        var version = VersionOption.Create("Serve this registered version, without a run: the way back to an older one.");
        var plan = new Option<string?>("--plan") { Description = "Do what this plan ('mlops plan --out FILE') says, and nothing if that is no longer what is to be done." };
        var run = new RunOptions(isWhole: true);
        var command = new Command("deploy", "The whole way: publish, run, gate, register, then each stage with its tests.") { stage, version, plan };
        run.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(plan) is not null && (result.GetValue(version) is not null || result.GetValue(stage) is not null))
                result.AddError("'--plan' does what the plan says: give it without '--stage' and '--version'.");
            if (result.GetValue(plan) is not null && run.GivesParameters(result))
                result.AddError("'--plan' knows its parameters: give them to 'mlops plan'.");
        });
        VerbRunner.Set(command, new CommonOptions { IsAudited = true, NeedsDeployRole = true, NeedsFreshCode = parsed => parsed.GetValue(version) is null }, async (parsed, context, cancellation) => await DeployVerb.RunAsync(
            context,
            new DeployOptions(parsed.GetValue(stage), parsed.GetValue(version)) { Run = run.Read(parsed, context.Workspace.Pipeline), PlanFile = parsed.GetValue(plan) is { } file ? Path.GetFullPath(file) : null },
            cancellation));
        return command;
    }
}
