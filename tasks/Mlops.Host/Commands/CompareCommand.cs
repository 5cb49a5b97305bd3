using System.CommandLine;
using Mlops.Platform.Events;

namespace Mlops.Host.Commands;

/// <summary>Shows how two runs differ.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var first = new Argument<string>("first") { Description = "A run's id, or its first characters." };
        var second = new Argument<string>("second") { Description = "Another one's." };
        var command = new Command("compare", "Shows how two runs differ: parameters, code, inputs, metrics and outputs.") { first, second };
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true }, async (parsed, context, cancellation) =>
        {
            var name = context.Workspace.Deployment.PipelineName;
            var differences = await context.Platform.Pipelines.CompareAsync(name, parsed.GetValue(first)!, parsed.GetValue(second)!, cancellation);
            foreach (var difference in differences)
                context.Events.Add(difference);
            return new Outcome { Verb = "compare", Changed = differences.Count > 0, PipelineName = name };
        });
        return command;
    }
}
