using System.CommandLine;
using Mlops.Platform;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Host.Commands;

/// <summary>What a deploy would do. Exit code 2: there is something, as 'terraform plan -detailed-exitcode' has it.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var file = new Option<string?>("--out") { Description = "Keep the plan in this file, for 'mlops deploy --plan FILE'." };
        var parameters = ParameterOption.Create();
        var command = new Command("plan", "Shows what a deploy would add, change, replace, remove and run; changes nothing. Exit code 2: there is something to do.") { file, parameters };
        VerbRunner.Set(command, new CommonOptions { NeedsFreshCode = _ => true }, async (parsed, context, cancellation) =>
        {
            var plan = await PlanVerb.RunAsync(context, ParameterOption.Values(parsed, parameters), cancellation);
            foreach (var change in plan.Changes)
                context.Events.Add(change);
            if (parsed.GetValue(file) is { } path)
                await WriteAsync(path, plan, cancellation);
            return new Outcome { Verb = "plan", Changed = plan.HasWork, PipelineName = context.Workspace.Deployment.PipelineName };
        }, exitCode: outcome => outcome.Changed ? ExitCodes.Changes : ExitCodes.Done);
        return command;
    }

    private static async Task WriteAsync(string path, Plan plan, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllBytesAsync(path, plan.ToJson(), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PlatformErrors.NotWritten("plan", path, e.Message).ToException();
        }
    }
}
