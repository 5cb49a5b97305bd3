using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>Finds model versions.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var status = new Option<string?>("--status") { Description = "PendingManualApproval, Approved or Rejected." };
        status.AcceptOnlyFromAmong("PendingManualApproval", "Approved", "Rejected");
        var properties = ParameterOption.Create("--property", "NAME=VALUE: a property that the version has ('register.metadata' in config.yaml); NAME= for any value.");
        var metrics = new Option<string[]>("--metric") { Description = "A limit such as 'accuracy>=0.9', with <, <=, =, >= or >; several: all of them hold.", Arity = ArgumentArity.ZeroOrMore };
        metrics.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => MetricCondition.Parse(t.Value) is null))
                result.AddError($"'{token.Value}' is no limit of a metric: write for example 'accuracy>=0.9'.");
        });
        var command = new Command("models", "Lists model versions, and finds those with a status, properties or metrics.") { status, properties, metrics };
        VerbRunner.Set(command, new CommonOptions(), async (parsed, context, cancellation) =>
        {
            var conditions = (parsed.GetValue(metrics) ?? []).Select(m => MetricCondition.Parse(m)!).ToList();
            var found = await ModelsVerb.RunAsync(context, parsed.GetValue(status), ParameterOption.Values(parsed, properties), conditions, cancellation);
            foreach (var version in found)
                context.Events.Add(version);
            if (found.Count == 0)
                context.Events.Add(new Notice("There is no such version."));
            return new Outcome { Verb = "models", PipelineName = context.Workspace.Deployment.PipelineName };
        });
        return command;
    }
}
