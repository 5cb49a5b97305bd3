using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local;

/// <summary>Runs that stand for another one: they had the same definition, code, data, parameters and programs.</summary>
internal sealed class UnchangedRuns(LocalRegistry registry, LocalObjectStore objects)
{
    /// <summary>An execution of this very content that succeeded, with results that are still there and may be used again; null: none, with the reason where one is known.</summary>
    public ExecutionRow? Find(Workspace workspace, PipelineDefinition definition, string fingerprint, out string? reason)
    {
        reason = null;
        if (registry.Executions.FindSucceeded(fingerprint) is not { ModelVersion: { } version, ModelGroup: { } group } found)
            return null;
        var jobs = definition.AllSteps.Where(s => Engine.IsJob(s.Type)).ToList();
        // A deploy goes by content, as on AWS. Whoever runs a definition wants what it says, and its time or its id may decide that.
        if (workspace.IsDefinitionAlone && StepInputs.DependOnExecution(definition))
            reason = "a step depends on the time or the id of its execution";
        else if (jobs.Any(s => s.Cache is not { Enabled: true }) || IsOver(found, jobs.Select(s => s.Cache!.Lifetime()).Min())
            || registry.Models.Find(group, version) is not { } model || !objects.IsIntact(model.ModelDataUrl) || !registry.Executions.Succeeded(found.Id).All(new CachedResults(registry, objects).AreThere))
            reason = "a step is not cached, or its cached result has expired or is gone";
        return reason is null ? found : null;
    }

    private static bool IsOver(ExecutionRow found, TimeSpan? lifetime) => lifetime is { } time && (found.Ended + time <= DateTimeOffset.UtcNow || found.Ended > DateTimeOffset.UtcNow); // What a clock that was wrong dated into the future would never expire.

    public string Fingerprint(PipelineDefinition definition, JsonObject values, ProgramSettings programs) => Digest.Of(Json.Canonical(new JsonObject
    {
        ["Definition"] = definition.ToJson(),
        ["Inputs"] = new JsonArray([.. StepInputs.Known(definition, values).Select(a => StepFingerprint.ByContent(a, objects))]),
        ["Interpreters"] = new JsonArray([.. programs.Interpreters.Values.Append("dotnet").Order(StringComparer.Ordinal).Select(i => JsonValue.Create(Programs.Find(i) is { } program ? Programs.Identity(program) : i))]),
        ["Parameters"] = StepFingerprint.ByContent(values, objects),
        ["Sandbox"] = programs.InContainers ? programs.Sandbox : null,
        ["StandIns"] = new JsonArray([.. programs.StandIns.Keys.Order(StringComparer.Ordinal).Select(t => JsonValue.Create(programs.IdentityOf(t)))]),
        ["Format"] = 3,
    }));
}
