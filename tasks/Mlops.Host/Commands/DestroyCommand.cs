using System.CommandLine;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class DestroyCommand
{
    public static Command Create()
    {
        var evenProtected = new Option<bool>("--protected") { Description = "Also stages that are protected from deletion (aws: the last one)." };
        var all = new Option<bool>("--all") { Description = "Also the pipeline and the stack of the build (aws). Data and registered versions stay, unless '--data' names the model." };
        var data = new Option<string?>("--data") { Description = "With --all, also data, runs and every registered version, for good. Give the model's name, to show that they are meant.", HelpName = "MODEL" };
        var stage = new Option<string?>("--stage") { Description = "This stage alone, also one that config.yaml no longer has. Default: all of them." };
        var command = new Command("destroy", "Takes the stages' endpoints away. Data, runs and registered versions stay, unless --data says otherwise.") { evenProtected, all, data, stage };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) && result.GetValue(stage) is not null)
                result.AddError("'--all' takes everything away, and '--stage' one stage alone: give one of the two.");
            if (result.GetValue(data) is not null && !result.GetValue(all))
                result.AddError("'--data' takes away what the pipeline and its versions are made of: it goes with '--all'.");
        });
        VerbRunner.Set(command, new CommonOptions { IsAudited = true, NeedsDeployRole = true }, async (parsed, context, cancellation) =>
            await DestroyVerb.RunAsync(context, new DestroyOptions(parsed.GetValue(evenProtected), parsed.GetValue(all), parsed.GetValue(stage), parsed.GetValue(data)), cancellation));
        return command;
    }
}
