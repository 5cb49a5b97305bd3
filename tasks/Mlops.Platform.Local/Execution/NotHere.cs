using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>What a job's request may ask for and this machine does not do: to leave it out without a word would be another job.</summary>
internal static class NotHere
{
    /// <summary>In words; null: there is nothing of that kind.</summary>
    public static string? Of(PipelineStep step) => step.Type switch
    {
        StepTypes.Processing => Processing(step.Arguments),
        StepTypes.Training => Training(step.Arguments),
        StepTypes.Tuning when step.Arguments["HyperParameterTuningJobConfig"]?["ParameterRanges"]?["AutoParameters"] is JsonArray { Count: > 0 } => "ranges that SageMaker chooses (AutoParameters)",
        StepTypes.Tuning when step.Arguments["HyperParameterTuningJobConfig"] is JsonObject config && (config["Autotune"] ?? step.Arguments["Autotune"]) is not null => "hyperparameters and ranges that SageMaker chooses (Autotune)",
        StepTypes.Tuning when step.Arguments["TrainingJobDefinitions"] is not null => "several definitions of trainings in one tuning (TrainingJobDefinitions)",
        StepTypes.Tuning => step.Arguments["WarmStartConfig"] is not null ? "the trainings of earlier tunings (WarmStartConfig)" : Training(step.Arguments["TrainingJobDefinition"]),
        StepTypes.Transform when step.Arguments["DataCaptureConfig"] is not null => "a capture of what is sent and answered (DataCaptureConfig)",
        StepTypes.Transform => Transform(step.Arguments["TransformInput"]),
        _ => null,
    };

    private static string? Processing(JsonNode arguments)
    {
        var inputs = Json.Objects(arguments["ProcessingInputs"]).ToList();
        return inputs.Any(i => i["DatasetDefinition"] is not null) ? "a query of Athena or Redshift as input (DatasetDefinition)"
            : inputs.Any(i => Is(i["S3Input"]?["S3InputMode"], "Pipe")) ? "input as a pipe (S3InputMode)"
            : Json.Objects(arguments["ProcessingOutputConfig"]?["Outputs"]).Any(o => o["FeatureStoreOutput"] is not null) ? "a feature store for its output (FeatureStoreOutput)" : null;
    }

    private static string? Training(JsonNode? job)
    {
        var channels = Json.Objects(job?["InputDataConfig"]).ToList();
        return channels.Any(c => Is(c["InputMode"] ?? job?["AlgorithmSpecification"]?["TrainingInputMode"], "Pipe")) ? "input as a pipe (InputMode)"
            : channels.Any(c => Is(c["DataSource"]?["S3DataSource"]?["S3DataType"], "AugmentedManifestFile")) ? "an augmented manifest (S3DataType)"
            : channels.Any(c => c["DataSource"]?["FileSystemDataSource"] is not null) ? "a file system of the VPC (FileSystemDataSource)"
            : job?["ResourceConfig"]?["InstanceGroups"] is JsonArray { Count: > 0 } ? "a cluster of several kinds of instances (InstanceGroups)" : null;
    }

    private static string? Transform(JsonNode? input) => Is(input?["SplitType"], "RecordIO") || Is(input?["SplitType"], "TFRecord") ? $"records split as {input!["SplitType"]} (SplitType)" : null;

    private static bool Is(JsonNode? node, string value) => node is JsonValue && node.ToString() == value;
}
