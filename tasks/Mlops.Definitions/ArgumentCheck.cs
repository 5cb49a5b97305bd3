using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Members of a job's request without which no run of it could end: found before anything starts. Source: the required members of CreateTrainingJob and its like.</summary>
public static class ArgumentCheck
{
    /// <summary>What is wrong with the first of them, in a sentence; null: nothing.</summary>
    public static string? Wrong(PipelineStep step)
    {
        foreach (var path in Required(step.Type))
        {
            if (Find(step.Arguments, path.Split('.')) is null)
                return $"The step '{step.Name}' ({step.Type}) has no {path}, which SageMaker needs.";
        }

        // The arguments of functions and queues are whatever their owner wants.
        if (Required(step.Type).Length > 0 && Unknown(step.Arguments) is { } unknown)
            return $"The step '{step.Name}' ({step.Type}) has {unknown}.";
        return step.PropertyFiles.Where(f => !HasOutput(step, f)).Select(f => $"The property file '{f.Name}' of the step '{step.Name}' lies in its output '{f.Output}', and it has none of that name.").FirstOrDefault();
    }

    private static string[] Required(string type) => type switch
    {
        StepTypes.Training => ["AlgorithmSpecification", "OutputDataConfig.S3OutputPath"],
        StepTypes.Tuning => ["HyperParameterTuningJobConfig", "TrainingJobDefinition.AlgorithmSpecification", "TrainingJobDefinition.OutputDataConfig.S3OutputPath"],
        StepTypes.Transform => ["ModelName", "TransformInput.DataSource.S3DataSource.S3Uri", "TransformOutput.S3OutputPath"],
        StepTypes.Processing => ["AppSpecification"],
        StepTypes.RegisterModel => ["ModelPackageGroupName", "InferenceSpecification"],
        _ => [],
    };

    /// <summary>Values of members that have few: another one would be taken for the default.</summary>
    private static readonly Dictionary<string, string[]> Values = new(StringComparer.Ordinal)
    {
        ["AssembleWith"] = ["None", "Line"],
        ["BatchStrategy"] = ["MultiRecord", "SingleRecord"],
        ["CompressionType"] = ["None", "Gzip", "GZIP", "NONE"],
        ["InputMode"] = ["Pipe", "File", "FastFile"],
        ["JoinSource"] = ["Input", "None"],
        ["ModelApprovalStatus"] = ["Approved", "Rejected", "PendingManualApproval"],
        ["S3DataDistributionType"] = ["FullyReplicated", "ShardedByS3Key"],
        ["S3DataType"] = ["ManifestFile", "S3Prefix", "S3Object", "AugmentedManifestFile", "Converse"],
        ["S3InputMode"] = ["Pipe", "File"],
        ["S3UploadMode"] = ["Continuous", "EndOfJob"],
        ["ScalingType"] = ["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"],
        ["SplitType"] = ["None", "Line", "RecordIO", "TFRecord"],
        ["TrainingInputMode"] = ["Pipe", "File", "FastFile"],
        ["TrainingJobEarlyStoppingType"] = ["Off", "Auto"],
    };

    /// <summary>The first member with a value that SageMaker does not know, in words; null: there is none.</summary>
    private static string? Unknown(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(m => m.Value is JsonValue value && Values.TryGetValue(m.Key, out var known) && !known.Contains(value.ToString())
            ? $"{m.Key} '{value}'; it is one of {string.Join(", ", known)}" : RequestShape.Free.Contains(m.Key) ? null : Unknown(m.Value)).FirstOrDefault(f => f is not null),
        JsonArray a => a.Select(Unknown).FirstOrDefault(f => f is not null),
        _ => null,
    };

    private static JsonNode? Find(JsonNode? node, IEnumerable<string> path) => path.Aggregate(node, (at, name) => (at as JsonObject)?[name]);

    /// <summary>A name that a run computes is not known yet.</summary>
    private static bool HasOutput(PipelineStep step, PropertyFile file) => step.Type != StepTypes.Processing ||
        Json.Objects(step.Arguments["ProcessingOutputConfig"]?["Outputs"]).Any(o => Expression.IsExpression(o["OutputName"]) || Json.Text(o["OutputName"]) == file.Output);
}
