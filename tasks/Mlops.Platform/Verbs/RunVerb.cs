using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>Runs the published pipeline to its end. A failed gate is an error at the gate's line.</summary>
public static class RunVerb
{
    public static async Task<ExecutionResult> RunAsync(VerbContext context, RunRequest request, CancellationToken cancellation)
    {
        Check(context.Workspace, request);
        var result = await context.Platform.Pipelines.RunAsync(context.Workspace, request, cancellation);
        switch (result.Status)
        {
            case "Succeeded":
                // Also where nothing ran: the process of the run that made the version may have ended before it wrote the statement. On aws that would
                // cost every unchanged deploy a request, and what passed the first stage's tests has one.
                if (result.Ran || context.Platform.Name == PlatformNames.Local || !await IsTestedAsync(context, result.Version, cancellation))
                    await Provenance.RecordAsync(context, result, request, cancellation);
                return result;
            case "Stopped":
                cancellation.ThrowIfCancellationRequested();
                throw PlatformErrors.RunStopped(result.ExecutionId).ToException();
        }

        context.Events.ThrowIfAny([.. GateCheck.Failed(context, result.GateValues)]);
        if (context.Workspace.Deployment.Gates.FirstOrDefault(g => g.Step == result.FailedStep && !result.GateValues.ContainsKey(g.Path)) is { } unread)
            throw context.Workspace.At(PlatformErrors.GateUnreadable(unread, result.FailureReason ?? ""), unread.Place).ToException();
        throw (result.FailedStep is { } step
            ? context.Workspace.At(PlatformErrors.StepFailed(step, result.FailureReason ?? "no reason was given.", result.Log), step)
            : PlatformErrors.RunFailed(result.FailureReason ?? "no reason was given.")).ToException();
    }

    private static async Task<bool> IsTestedAsync(VerbContext context, int? version, CancellationToken cancellation) =>
        version is { } made && context.Workspace.Deployment.Stages is [var first, ..] && await context.Platform.Stages.IsTestedAsync(first, made, StageTests.HashOf(context.Workspace, first), cancellation);

    /// <summary>Refuses what cannot be run, before anything is published.</summary>
    public static void Check(Workspace workspace, RunRequest request)
    {
        CheckParameters(workspace.Pipeline, request.Parameters);
        CheckSelection(workspace.Pipeline, request.Selection);
    }

    private static void CheckSelection(PipelineDefinition pipeline, SelectedSteps? selection)
    {
        try
        {
            if (selection is not null)
                StepSelection.Check(pipeline, selection.Steps);
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.NotSelectable(e.Message).ToException();
        }
    }

    /// <summary>Refuses names and values that the pipeline does not take.</summary>
    public static void CheckParameters(PipelineDefinition pipeline, IReadOnlyDictionary<string, string> given)
    {
        foreach (var (name, value) in given)
        {
            var parameter = pipeline.Parameters.FirstOrDefault(p => p.Name == name)
                ?? throw PlatformErrors.UnknownParameter(name, pipeline.Parameters.Select(p => p.Name)).ToException();
            var expected = parameter.Type switch
            {
                "Integer" when !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => "a whole number",
                "Float" when !(double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) => "a number",
                "Boolean" when value is not ("true" or "false") => "true or false",
                _ when parameter.Allowed.Count > 0 && !parameter.Allowed.Contains(value) => "one of " + string.Join(", ", parameter.Allowed),
                _ => null,
            };
            if (expected is not null)
                throw PlatformErrors.WrongParameter(name, value, expected).ToException();
        }
    }
}
