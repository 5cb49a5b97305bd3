using System.CommandLine;
using Mlops.Definitions;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

internal static class RunCommand
{
    public static Command Create()
    {
        var definition = new Argument<string?>("definition") { Description = "A pipeline definition (JSON) of whatever origin. Default: the project's own, as a build made it.", Arity = ArgumentArity.ZeroOrOne };
        var run = new RunOptions(isWhole: false);
        var sources = ParameterOption.Create("--source", "S3URI=PATH: what lies on this machine in place of an object or prefix that the definition names.");
        var standIns = ParameterOption.Create("--stand-in", "TARGET=COMMAND: what answers in place of a function's ARN, a queue's URL, an image's URI or a cluster's id.");
        var sandbox = new Option<string>("--sandbox") { Description = "How the definition's programs are kept apart, as 'local.sandbox' has it." };
        sandbox.AcceptOnlyFromAmong("auto", "process", "namespace", "docker");
        var check = new Option<bool>("--check") { Description = "Say what would be done with each step of the definition, and run nothing." };
        var yes = new Option<bool>("--yes") { Description = "Run the programs of the definition without asking." };
        var command = new Command("run", "Publishes the pipeline, runs it and follows it to its end; or runs a definition.") { definition, sources, standIns, sandbox, check, yes };
        run.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(definition) is null && new Option[] { sources, standIns, sandbox, check, yes }.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } lone)
                result.AddError($"'{lone.Name}' is for a definition: 'mlops run DEFINITION.json'. What a run of this project would do is what 'mlops plan' says.");
        });
        var options = new CommonOptions { IsAudited = true, NeedsFreshCode = parsed => parsed.GetValue(definition) is null, PrintsItself = parsed => parsed.GetValue(definition) is not null && !parsed.GetValue(yes) && !parsed.GetValue(check) };
        VerbRunner.Set(command, options, async (parsed, context, cancellation) =>
        {
            var request = run.Read(parsed, context.Workspace.Pipeline);
            if (parsed.GetValue(definition) is not null)
                return await DefinitionRun.RunAsync(context, ParameterOption.Values(parsed, sources), request, parsed.GetValue(check), parsed.GetValue(yes), cancellation);
            RunVerb.Check(context.Workspace, request);
            await using var held = await context.Platform.LockAsync("run", cancellation);
            var published = await PublishVerb.RunAsync(context, cancellation);
            var result = await RunVerb.RunAsync(context, request, cancellation);
            if (!result.Ran)
                context.Events.Add(new Notice($"Nothing has changed since execution {result.ExecutionId}: it was not run again."));
            return new Outcome { Verb = "run", Changed = published || result.Ran, PipelineName = context.Workspace.Deployment.PipelineName, ExecutionId = result.ExecutionId, Version = result.Version };
        }, parsed => parsed.GetValue(definition) is { } file ? options.Platform(parsed) != PlatformNames.Local ? throw PlatformErrors.LocalOnly("run DEFINITION.json").ToException() : DefinitionRun.Load(options.Project(parsed), file, DefinitionRun.Settings(ParameterOption.Values(parsed, standIns), parsed.GetValue(sandbox))) : options.Workspace(parsed));
        return command;
    }
}
