using System.CommandLine;
using Mlops.Platform.Events;
using Mlops.Platform.Local;

namespace Mlops.Host.Commands;

/// <summary>Shows how two runs differ.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var first = new Argument<string>("first") { Description = "A run's id, or its first characters." };
        var second = new Argument<string>("second") { Description = "Another one's." };
        var command = new Command("compare", "Shows how two runs differ: parameters, code, inputs, metrics and outputs.") { first, second };
        VerbRunner.Set(command, new CommonOptions { NeedsNoBuild = true }, (parsed, context, _) =>
        {
            var history = new RunHistory(context.Local("compare").Registry);
            var differences = history.Compare(history.Find(parsed.GetValue(first)!), history.Find(parsed.GetValue(second)!)).ToList();
            foreach (var difference in differences)
                context.Events.Add(difference);
            return Task.FromResult<Outcome?>(new Outcome { Verb = "compare", Changed = differences.Count > 0, PipelineName = context.Workspace.Deployment.PipelineName });
        });
        return command;
    }
}
