using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// The key of the step cache: what decides a step's result. Code and inputs by content, arguments, environment, hyperparameters,
/// the interpreter; not where outputs go, nor roles, instances or time limits (as SageMaker's own cache has it).
/// </summary>
internal static class StepFingerprint
{
    private static readonly string[] WithoutEffect = ["RoleArn", "ProcessingResources", "ResourceConfig", "StoppingCondition", "Tags", "OutputDataConfig", "NetworkConfig"];

    public static string Of(StepContext step)
    {
        var arguments = (JsonObject)step.Arguments.DeepClone();
        foreach (var member in WithoutEffect)
            arguments.Remove(member);
        foreach (var output in ProcessingJob.Items(arguments["ProcessingOutputConfig"]?["Outputs"]))
            (output["S3Output"] as JsonObject)?.Remove("S3Uri");
        var content = new JsonObject
        {
            ["Type"] = step.Step.Type,
            ["Arguments"] = ByContent(arguments, step.Objects),
            ["Interpreter"] = Interpreter(step),
        };
        return ContentHash.OfText(Json.Canonical(content));
    }

    private static string Interpreter(StepContext step)
    {
        var entry = ProcessingJob.Strings(step.Arguments["AppSpecification"]?["ContainerEntrypoint"] ?? step.Arguments["AlgorithmSpecification"]?["ContainerEntrypoint"]).FirstOrDefault();
        var name = step.Interpreter(entry ?? "python3");
        return Programs.Find(name) is { } program ? Programs.Identity(program) : name;
    }

    /// <summary>The same value with the content of S3 URIs in place of the URIs, which hold a run's id.</summary>
    public static JsonNode? ByContent(JsonNode? node, LocalObjectStore objects) => node switch
    {
        JsonObject o => new JsonObject(o.Select(m => KeyValuePair.Create(m.Key, ByContent(m.Value, objects)))),
        JsonArray a => new JsonArray([.. a.Select(i => ByContent(i, objects))]),
        // Inputs and code; what is not there is reported when the step wants to read it.
        JsonValue v when StepContext.Text(v) is var text && objects.IsThere(text) => objects.HashOf(text),
        _ => node?.DeepClone(),
    };
}
