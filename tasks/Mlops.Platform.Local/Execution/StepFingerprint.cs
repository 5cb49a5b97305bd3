using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// What decides a step's result, whose hash is the key of the step cache. Code and inputs by content, arguments, environment, hyperparameters,
/// the interpreter; not where outputs go, nor roles, instances or time limits (as SageMaker's own cache has it).
/// </summary>
internal static class StepFingerprint
{
    private static readonly string[] WithoutEffect =
        ["RoleArn", "ProcessingResources", "ResourceConfig", "HyperParameterTuningResourceConfig", "TransformResources", "StoppingCondition", "Tags", "OutputDataConfig", "NetworkConfig", "VpcConfig", "CheckpointConfig",
        "DebugHookConfig", "DebugRuleConfigurations", "ProfilerConfig", "ProfilerRuleConfigurations", "TensorBoardOutputConfig", "RetryStrategy"];

    private static readonly string[] Unmeant = ["RetryPolicies", "DisplayName", "Description"];

    /// <param name="model">What a transform asks, by its content: a model's name is another one in each execution.</param>
    public static string ContentOf(StepContext step, JsonObject? model)
    {
        var arguments = (JsonObject)step.Arguments.DeepClone();
        foreach (var part in new[] { arguments, arguments["TrainingJobDefinition"] as JsonObject }.OfType<JsonObject>())
        {
            // Packed or not is another artifact; where checkpoints lie counts, and not what earlier runs left there.
            if (part["OutputDataConfig"]?["CompressionType"] is { } compression)
                part["CompressionType"] = compression.DeepClone();
            if (part["CheckpointConfig"] is { } checkpoints)
                part["Checkpoints"] = checkpoints.ToJsonString();
            foreach (var member in WithoutEffect)
                part.Remove(member);
        }

        if (model is not null)
            arguments["ModelName"] = new JsonObject { ["Primary"] = model["PrimaryContainer"]?.DeepClone(), ["Containers"] = model["Containers"]?.DeepClone() };
        (arguments["TransformOutput"] as JsonObject)?.Remove("S3OutputPath");
        foreach (var output in Json.Objects(arguments["ProcessingOutputConfig"]?["Outputs"]))
            (output["S3Output"] as JsonObject)?.Remove("S3Uri");
        var content = new JsonObject
        {
            ["Type"] = step.Step.Type,
            ["Arguments"] = ByContent(arguments, step.Objects),
            ["Interpreter"] = Interpreter(step, model),
            ["Target"] = StandIn.TargetOf(step) is { Length: > 0 } target ? $"{target} {step.Execution.Programs.IdentityOf(target)}" : null,
        };
        if (Beside(step) is { Count: > 0 } beside)
            content["Beside"] = ByContent(step.Evaluate(beside), step.Objects);
        return Json.Canonical(content);
    }

    /// <summary>Members of single types that decide too: a check's baselines and what it fails on, what is asked and the outputs that are taken.</summary>
    private static JsonObject Beside(StepContext step) =>
        new(step.Step.Others.Where(m => !Unmeant.Contains(m.Key)).Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone())));

    private static string Interpreter(StepContext step, JsonObject? model)
    {
        var requests = new[] { step.Arguments["AppSpecification"], step.Arguments["AlgorithmSpecification"], step.Arguments["TrainingJobDefinition"]?["AlgorithmSpecification"] };
        var served = Json.Objects(model?["Containers"]).Append(model?["PrimaryContainer"] as JsonObject).Select(c => Json.Text(c?["Image"]));
        var standIns = requests.Select(JobProgram.ImageOf).Concat(served).Select(step.Execution.Programs.IdentityOf).OfType<string>().ToList();
        if (standIns.Count > 0)
            return string.Join('\n', standIns);
        if (step.Execution.Programs.InContainers)
            return LocalSettings.ContainerSandbox; // Of the image, which the arguments name.
        List<string> entry = [.. Json.Texts(step.Arguments["AppSpecification"]?["ContainerEntrypoint"] ?? step.Arguments["AlgorithmSpecification"]?["ContainerEntrypoint"])];
        var name = step.Interpreter(entry.Count == 0 || NotebookJob.IsOne(entry) ? "python3" : entry[0]);
        return Programs.Find(name) is { } program ? Programs.Identity(program) : name;
    }

    /// <summary>Of objects that a manifest or the beginning of keys names.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Named(JsonObject source, LocalObjectStore objects)
    {
        // A manifest that is not there is reported when the step wants to read it.
        var isManifest = Json.Text(source["S3DataType"]) == "ManifestFile";
        if (source["S3Uri"] is not JsonValue || (isManifest && !objects.IsThere(Json.Text(source["S3Uri"]))) || S3Source.Listed(source, objects) is not { } listed)
            return [];
        return [KeyValuePair.Create<string, JsonNode?>("Objects", new JsonObject(listed.DistinctBy(f => f.Name).Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, ContentHash.Of(f.Path)))))];
    }

    /// <summary>The same value with the content of S3 URIs in place of the URIs, which hold a run's id.</summary>
    public static JsonNode? ByContent(JsonNode? node, LocalObjectStore objects) => node switch
    {
        JsonObject o => new JsonObject([.. o.Select(m => KeyValuePair.Create(m.Key, ByContent(m.Value, objects))), .. Named(o, objects)]),
        JsonArray a => new JsonArray([.. a.Select(i => ByContent(i, objects))]),
        // Inputs and code; what is not there is reported when the step wants to read it.
        // Hyperparameters of the SDK are JSON in a text: its code's URI stands in quotes.
        JsonValue v when Json.Text(v).Trim('"') is var text && objects.IsThere(text) => objects.HashOf(text),
        _ => node?.DeepClone(),
    };
}
