using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>
/// The form of a job's request: which members are objects, which are lists, and which are whole numbers of what range. One of another form would be
/// taken for one that is not there. Sources: the shapes of CreateProcessingJob, CreateTrainingJob, CreateHyperParameterTuningJob, CreateTransformJob,
/// CreateModel and CreateModelPackage of SageMaker's API, and "Amazon SageMaker Pipelines: pipeline definition schema".
/// </summary>
public static class RequestShape
{
    private static readonly HashSet<string> Objects = new(StringComparer.Ordinal)
    {
        "AlgorithmSpecification", "AppSpecification", "BestObjectiveNotImproving", "CacheConfig", "CheckpointConfig", "ClusterConfig", "DataProcessing", "DataSource", "Environment",
        "HyperParameterTuningJobConfig", "HyperParameterTuningJobObjective", "HyperParameters", "InferenceSpecification", "ModelClientConfig", "NetworkConfig", "OutputDataConfig",
        "ParameterRanges", "PrimaryContainer", "ProcessingOutputConfig", "ProcessingResources", "ResourceConfig", "ResourceLimits", "S3DataSource", "S3Input", "S3Output",
        "StaticHyperParameters", "StoppingCondition", "TrainingJobDefinition", "TransformInput", "TransformOutput", "TransformResources", "TuningJobCompletionCriteria", "VpcConfig",
    };

    private static readonly HashSet<string> Lists = new(StringComparer.Ordinal)
    {
        "CategoricalParameterRanges", "Conditions", "ContainerArguments", "ContainerEntrypoint", "Containers", "ContinuousParameterRanges", "InputDataConfig", "IntegerParameterRanges",
        "MetricDefinitions", "OutputParameters", "Outputs", "ProcessingInputs", "RetryPolicies",
    };

    private static readonly Dictionary<string, (long Least, long Most)> Numbers = new(StringComparer.Ordinal)
    {
        ["InstanceCount"] = (1, int.MaxValue),
        ["InvocationsMaxRetries"] = (0, 3),
        ["InvocationsTimeoutInSeconds"] = (1, 3600),
        ["MaxConcurrentTransforms"] = (0, int.MaxValue),
        ["MaxNumberOfTrainingJobs"] = (1, int.MaxValue),
        ["MaxNumberOfTrainingJobsNotImproving"] = (1, int.MaxValue),
        ["MaxParallelTrainingJobs"] = (1, int.MaxValue),
        ["MaxPayloadInMB"] = (0, int.MaxValue),
        ["MaxRuntimeInSeconds"] = (1, int.MaxValue),
        ["MaxWaitTimeInSeconds"] = (1, int.MaxValue),
        ["VolumeSizeInGB"] = (0, int.MaxValue),
    };

    /// <summary>Members that hold whatever their owner wants.</summary>
    internal static readonly HashSet<string> Free = new(StringComparer.Ordinal) { "CustomerMetadataProperties", "Environment", "HyperParameters", "StaticHyperParameters", "Tags" };

    /// <summary>What is wrong with the first of them, in a sentence; null: nothing.</summary>
    public static string? Wrong(PipelineDefinition definition, PipelineStep step)
    {
        // What is handed to functions and queues is theirs, and a cluster's step has a form of its own.
        var isJob = step.Type is not (StepTypes.Lambda or StepTypes.Callback or StepTypes.Emr);
        return ((isJob ? Within(step.Arguments) : null) ?? Within(step.Others)) is { } found ? $"The step '{step.Name}' ({step.Type}): {found}" : null;

        string? Within(JsonNode? node) => node switch
        {
            JsonObject { Count: 1 } o when o.First().Key.StartsWith("Std:", StringComparison.Ordinal) && !Expression.IsExpression(o) => $"there is no function '{o.First().Key}': there are {Expression.Join} and {Expression.JsonGet}.",
            JsonObject o when Expression.IsExpression(o) => o[Expression.Get] is { } path && (path is not JsonValue v || !v.TryGetValue<string>(out _)) ? $"'{Expression.Get}' takes a path as text, and has {path.ToJsonString()}." : null,
            JsonObject o => o.Select(m => Member(m.Key, m.Value)).FirstOrDefault(w => w is not null),
            JsonArray a => a.Select(Within).FirstOrDefault(w => w is not null),
            _ => null,
        };

        string? Member(string name, JsonNode? value) => value switch
        {
            null => null,
            _ when Numbers.TryGetValue(name, out var range) => Number(name, value, range.Least, range.Most),
            JsonObject o when Expression.IsExpression(o) => Within(o),
            not JsonObject when Objects.Contains(name) => $"'{name}' is an object, and has {Shown(value)}.",
            not JsonArray when Lists.Contains(name) => $"'{name}' is a list, and has {Shown(value)}.",
            _ => Free.Contains(name) ? null : Within(value),
        };

        string? Number(string name, JsonNode value, long least, long most)
        {
            // What a run computes is not known; a parameter's type is.
            if (Expression.IsExpression(value))
            {
                return value[Expression.Get] is JsonValue path && PropertyPath.Parse(Json.Text(path)) is ["Parameters", var parameter]
                    && definition.Parameters.FirstOrDefault(p => p.Name == parameter) is { Type: not ("Integer" or "Float") } other
                    ? $"'{name}' is a number, and the parameter '{other.Name}' is of the type {other.Type}." : null;
            }

            var wanted = most == int.MaxValue ? $"from {least} on" : $"from {least} to {most}";
            return Json.Number(value) is { } number && number == Math.Floor(number) && number >= least && number <= most ? null : $"'{name}' is a whole number {wanted}, and has {Shown(value)}.";
        }
    }

    private static string Shown(JsonNode node) => node.ToJsonString() is var text && text.Length <= 60 ? text : text[..60] + "...";
}
