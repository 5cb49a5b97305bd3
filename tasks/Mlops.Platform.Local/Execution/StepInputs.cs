using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>What steps read from S3, as far as it is known before a run: named outright, or put together of parameters.</summary>
public static class StepInputs
{
    /// <summary>Members that say where a job writes.</summary>
    private static readonly string[] Written = ["S3Output", "S3OutputPath", "OutputDataConfig", "CheckpointConfig", "DebugHookConfig", "TensorBoardOutputConfig"];

    /// <summary>What would not be there: neither stored, nor given, nor written by a step of the pipeline.</summary>
    /// <param name="given">S3 URIs that will be there.</param>
    /// <param name="parameters">Of the run; the others have their defaults.</param>
    public static IReadOnlyList<(string Step, string Uri)> Missing(PipelineDefinition definition, LocalObjectStore objects, IEnumerable<string> given, IReadOnlyDictionary<string, string> parameters)
    {
        var scope = new ParameterScope(definition, parameters);
        var there = given.Concat(definition.AllSteps.SelectMany(Outputs).Select(scope.Text).OfType<string>().Where(HasKey)).Select(u => u.TrimEnd('/')).ToList();
        return [.. definition.AllSteps.SelectMany(s => Inputs(s).Select(scope.Text).OfType<string>().Select(u => u.Trim('"')).Where(IsMissing).Select(u => (s.Name, u))).Distinct()];

        // A step that writes somewhere into a bucket does not write everything that others read there.
        static bool HasKey(string uri) => uri.TrimEnd('/').LastIndexOf('/') > S3Place.Scheme.Length;

        bool IsMissing(string uri) => LocalObjectStore.IsUri(uri) && !objects.IsThere(uri) && objects.Beginning(uri).Count == 0
            && !there.Any(t => (uri + "/").StartsWith(t + "/", StringComparison.Ordinal) || t.StartsWith(uri.TrimEnd('/') + "/", StringComparison.Ordinal));
    }

    /// <summary>Members that note where a version comes from, and decide nothing.</summary>
    private static readonly string[] Noted = ["CustomerMetadataProperties", "MetadataProperties", "ModelPackageDescription"];

    /// <summary>Whether what a step does depends on when it runs, or in which execution: where its results go does not count.</summary>
    public static bool DependOnExecution(PipelineDefinition definition) => definition.AllSteps.Any(step => DependsOnExecution(step, Expression.References(definition.ExperimentConfig).Any(IsOfExecution)));

    private static bool DependsOnExecution(PipelineStep step, bool experimentDoes) => step.Type != StepTypes.Fail && Expression.References(Without(step.Arguments)).Concat(Expression.References(step.Others))
        .Any(r => IsOfExecution(r) || (experimentDoes && r.StartsWith("PipelineExperimentConfig.", StringComparison.Ordinal)));

    private static bool IsOfExecution(string reference) => reference.StartsWith("Execution.", StringComparison.Ordinal) && reference is not ("Execution.PipelineName" or "Execution.PipelineArn");

    private static JsonNode? Without(JsonNode? node) => node switch
    {
        JsonObject o when !Expression.IsExpression(o) => new JsonObject(o.Where(m => !Written.Contains(m.Key) && !Noted.Contains(m.Key)).Select(m => KeyValuePair.Create(m.Key, Without(m.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Without)]),
        _ => node?.DeepClone(),
    };

    /// <summary>The arguments of all steps as far as they are known before a run, without what the pipeline itself writes.</summary>
    /// <param name="values">Of the parameters.</param>
    public static IReadOnlyList<JsonNode?> Known(PipelineDefinition definition, JsonObject values)
    {
        var scope = new ParameterScope(definition, values.ToDictionary(v => v.Key, v => Json.Text(v.Value), StringComparer.Ordinal));
        var written = definition.AllSteps.SelectMany(Outputs).Select(scope.Text).OfType<string>().Select(u => u.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        return [.. definition.AllSteps.Select(s => Of(s.Arguments))];

        JsonNode? Of(JsonNode? node) => node switch
        {
            _ when Expression.IsExpression(node) => Kept(scope.Text(node)),
            JsonObject o => new JsonObject(o.Where(m => !Written.Contains(m.Key)).Select(m => KeyValuePair.Create(m.Key, Of(m.Value)))),
            JsonArray a => new JsonArray([.. a.Select(Of)]),
            JsonValue v => Kept(Json.Text(v)),
            _ => null,
        };

        // What a step writes is there after the first run, and makes the second no other one.
        string? Kept(string? text) => text is null || !LocalObjectStore.IsUri(text.Trim('"')) || !written.Any(w => IsWithin(text.Trim('"').TrimEnd('/'), w)) ? text : null;

        // Not what lies above: data of others may lie there as well.
        static bool IsWithin(string uri, string place) => (uri + "/").StartsWith(place + "/", StringComparison.Ordinal);
    }

    private static IEnumerable<JsonNode?> Inputs(PipelineStep step) =>
        Json.Objects(step.Arguments["ProcessingInputs"]).Select(i => i["S3Input"]?["S3Uri"])
            .Concat(Json.Objects((step.Arguments["TrainingJobDefinition"] ?? step.Arguments)["InputDataConfig"]).Select(c => c["DataSource"]?["S3DataSource"]?["S3Uri"]))
            .Append(step.Arguments["TransformInput"]?["DataSource"]?["S3DataSource"]?["S3Uri"])
            .Append(step.Arguments["HyperParameters"]?["sagemaker_submit_directory"])
            .Append(step.Arguments["TrainingJobDefinition"]?["StaticHyperParameters"]?["sagemaker_submit_directory"])
            .Concat(Json.Objects(step.Arguments["Containers"]).Append(step.Arguments["PrimaryContainer"] as JsonObject).Select(ModelData.Place));

    private static IEnumerable<JsonNode?> Outputs(PipelineStep step) =>
        Json.Objects(step.Arguments["ProcessingOutputConfig"]?["Outputs"]).Select(o => o["S3Output"]?["S3Uri"])
            .Append(step.Arguments["OutputDataConfig"]?["S3OutputPath"]).Append(step.Arguments["TransformOutput"]?["S3OutputPath"]);
}
