using System.CommandLine;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Registers a model that was made elsewhere.</summary>
internal static class RegisterCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "A model.tar.gz, or the file or folder that goes into one." };
        var report = new Option<string?>("--report") { Description = "Its evaluation report, a JSON file as the evaluation step writes it. Quality gates want one." };
        var description = new Option<string?>("--description") { Description = "What is said of the version. Default: the configuration's." };
        var command = new Command("register", "Registers a model that was made elsewhere as the next version; gates are checked, and no pipeline runs.") { model, report, description };
        VerbRunner.Set(command, new CommonOptions { IsAudited = true, NeedsDeployRole = true, NeedsFreshCode = _ => true }, async (parsed, context, cancellation) =>
            await RegisterVerb.RunAsync(context, new BroughtModelOptions(parsed.GetValue(model)!, parsed.GetValue(report), parsed.GetValue(description)), cancellation));
        return command;
    }
}
