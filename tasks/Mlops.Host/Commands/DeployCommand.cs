using System.CommandLine;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class DeployCommand
{
    public static Command Create()
    {
        var stage = new Option<string?>("--stage") { Description = "Deploy up to and with this stage. Default: as far as approvals allow." };
        var version = new Option<int?>("--version") { Description = "Serve this registered version, without a run: the way back to an older one." };
        var parameters = ParameterOption.Create();
        var command = new Command("deploy", "The whole way: publish, run, gate, register, then each stage with its tests.") { stage, version, parameters };
        VerbRunner.Set(command, new CommonOptions { NeedsFreshCode = parsed => parsed.GetValue(version) is null }, async (parsed, context, cancellation) => await DeployVerb.RunAsync(
            context,
            new DeployOptions(parsed.GetValue(stage), parsed.GetValue(version)) { Parameters = ParameterOption.Values(parsed, parameters) },
            cancellation));
        return command;
    }
}
