using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Execution;

/// <summary>What a selective execution goes on with: the results of the steps before the chosen ones.</summary>
/// <param name="Source">The execution that they are of; null: none are needed.</param>
/// <param name="Steps">The chosen steps of the top level.</param>
/// <param name="Chosen">The steps that run, those in branches of a chosen condition included.</param>
/// <param name="Properties">By step.</param>
internal sealed record EarlierResults(string? Source, IReadOnlyList<string> Steps, IReadOnlySet<string> Chosen, IReadOnlyDictionary<string, JsonObject> Properties)
{
    /// <summary>How many executions back are looked at.</summary>
    private const int LookedAt = 50;

    public static EarlierResults Of(string pipeline, PipelineDefinition definition, SelectedSteps selection, LocalRegistry registry, LocalObjectStore objects)
    {
        var chosen = StepSelection.Chosen(definition, selection.Steps);
        var earlier = StepSelection.EarlierSteps(definition, selection.Steps);
        if (earlier.Count == 0)
            return new EarlierResults(null, selection.Steps, chosen, new Dictionary<string, JsonObject>());
        // The newest may have run chosen steps alone.
        var ended = selection.Source is null ? registry.Executions.NewestEnded(pipeline, LookedAt) : [];
        var source = selection.Source is { } id ? new RunHistory(registry).Find(id)
            : ended.FirstOrDefault(e => earlier.All(s => registry.Executions.Properties(e.Id, s) is not null)) ?? (ended.Count > 0 ? ended[0] : null);
        if (source is null)
            throw PlatformErrors.NoSourceExecution("nothing has run yet.", PlatformNames.Local).ToException();
        if (source.Pipeline != pipeline)
            throw PlatformErrors.NoSourceExecution($"'{source.Id}' is one of the pipeline '{source.Pipeline}'.", PlatformNames.Local).ToException();
        return new EarlierResults(source.Id, selection.Steps, chosen, earlier.ToDictionary(s => s, s => Result(source.Id, s, registry, objects), StringComparer.Ordinal));
    }

    private static JsonObject Result(string execution, string step, LocalRegistry registry, LocalObjectStore objects)
    {
        var properties = registry.Executions.Properties(execution, step) ?? throw PlatformErrors.NoSourceExecution($"the step '{step}' did not succeed in {execution}.", PlatformNames.Local).ToException();
        return StepOutputs.Of(properties).FirstOrDefault(o => !objects.IsIntact(o.Uri)) is { Uri: { } lost }
            ? throw PlatformErrors.NoSourceExecution($"what the step '{step}' wrote in {execution} is no longer as it was ('{lost}').", PlatformNames.Local).ToException()
            : properties;
    }
}
