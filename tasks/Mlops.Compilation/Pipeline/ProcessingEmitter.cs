using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Processing jobs, in the shape of CreateProcessingJob.</summary>
internal static class ProcessingEmitter
{
    private const string Folder = "/opt/ml/processing/input";

    private const string OutputsVariable = "MLOPS_OUTPUTS";

    /// <summary>Of a variable of a processing job, in characters (ProcessingEnvironmentMap).</summary>
    private const int LongestValue = 256;

    public static PipelineStep Emit(PlannedStep step, StepShapes shapes)
    {
        var bundle = step.Bundle!;
        var application = new JsonObject { ["ImageUri"] = StepShapes.Image(step.Image) };
        if (shapes.Sources.Command(bundle, $"{Folder}/{bundle.Input}") is { Count: > 0 } command)
            application["ContainerEntrypoint"] = StepShapes.Strings(command);
        if (step.Arguments.Count > 0)
            application["ContainerArguments"] = new JsonArray([.. step.Arguments.Select(shapes.Expressions.Text)]);

        var cluster = new JsonObject
        {
            ["InstanceType"] = step.Instance.Type,
            ["InstanceCount"] = step.Instance.Count,
            ["VolumeSizeInGB"] = step.Instance.VolumeGiB,
        };
        var inputs = step.Inputs.Select(i => Input(i.Name, shapes.Uri(i.Source), i.Distribution)).Append(Input(bundle.Input, shapes.Sources.FilesUri(bundle), DataDistribution.Replicated));
        var arguments = new JsonObject
        {
            ["ProcessingResources"] = new JsonObject { ["ClusterConfig"] = cluster },
            ["AppSpecification"] = application,
            ["RoleArn"] = Expression.Parameter(ReservedNames.ExecutionRole),
            ["ProcessingInputs"] = new JsonArray([.. inputs]),
        };
        if (step.Outputs.Count > 0)
        {
            var outputs = new JsonObject { ["Outputs"] = new JsonArray([.. step.Outputs.Select(o => Output(step, o, shapes))]) };
            if (shapes.Plan.Aws.KmsKey is not null)
                outputs["KmsKeyId"] = Expression.Parameter(StepShapes.KmsKeyParameter);
            arguments["ProcessingOutputConfig"] = outputs;
        }

        if (shapes.Plan.Aws.KmsKey is not null && !step.Instance.HasLocalStorage)
            cluster["VolumeKmsKeyId"] = Expression.Parameter(StepShapes.KmsKeyParameter);
        var environment = shapes.Expressions.Texts(step.Environment);
        // Which outputs a job has is no part of its cache key ("Default cache key attributes"): one that was cached would have none of a name that came later.
        if (step.Cache is not null && step.Outputs.Count > 0)
            environment[OutputsVariable] = Outputs(step);
        if (environment.Count > 0)
            arguments["Environment"] = environment;
        if (shapes.Plan.Aws.Network is { } network)
        {
            arguments["NetworkConfig"] = new JsonObject
            {
                ["EnableInterContainerTrafficEncryption"] = network.EncryptTraffic,
                ["EnableNetworkIsolation"] = network.Isolated && step.Runtime != PlannedRuntime.Analyzer, // It fetches what its arguments name.
                ["VpcConfig"] = shapes.VpcConfig(),
            };
        }

        arguments["StoppingCondition"] = new JsonObject { ["MaxRuntimeInSeconds"] = step.MaxRuntimeSeconds };
        shapes.AddTags(arguments);
        return new PipelineStep
        {
            Name = step.Name,
            Type = StepTypes.Processing,
            Arguments = arguments,
            DependsOn = step.After,
            PropertyFiles = step.Report is null ? [] : [new PropertyFile(GateEmitter.PropertyFileName, AnalysisPlanner.Report, step.Report)],
            Cache = StepShapes.Cache(step.Cache),
            Others = StepShapes.Retries(step.Retry),
        };
    }

    private static string Outputs(PlannedStep step)
    {
        var names = string.Join(' ', step.Outputs.Select(o => o.Name).Order(StringComparer.Ordinal));
        return names.Length <= LongestValue ? names : Digest.Of(names);
    }

    private static JsonObject Output(PlannedStep step, PlannedOutput output, StepShapes shapes) => new()
    {
        ["OutputName"] = output.Name,
        ["AppManaged"] = false,
        ["S3Output"] = new JsonObject
        {
            ["S3Uri"] = output.To is { } to ? JsonValue.Create(to) : IsKept(step, output, shapes.Plan) ? shapes.KeptUri(step.Name, KeyOf(step, output)) : shapes.RunUri(step.Name, KeyOf(step, output)),
            ["LocalPath"] = $"/opt/ml/processing/output/{output.Name}",
            ["S3UploadMode"] = "EndOfJob",
        },
    };

    /// <summary>
    /// Whoever reads an output reads all keys that begin so: 'train' would hold 'train-full' as well, if no key of the one were told apart. A name has no dot.
    /// </summary>
    private static string KeyOf(PlannedStep step, PlannedOutput output) =>
        step.Outputs.Any(o => o.Name != output.Name && o.To is null && o.Name.StartsWith(output.Name, StringComparison.Ordinal)) ? output.Name + "." : output.Name;

    /// <summary>Whether a registered version refers to it: it outlives the runs.</summary>
    private static bool IsKept(PlannedStep step, PlannedOutput output, ModelPlan plan) =>
        output.Name == AnalysisPlanner.Report || step == plan.Package || plan.Inference.Containers.Any(c => c.Container.Artifact is { } artifact && artifact.Step == step.Name && artifact.Output == output.Name);

    private static JsonObject Input(string name, JsonNode uri, DataDistribution distribution) => new()
    {
        ["InputName"] = name,
        ["AppManaged"] = false,
        ["S3Input"] = new JsonObject
        {
            ["S3Uri"] = uri,
            ["LocalPath"] = $"{Folder}/{name}",
            ["S3DataType"] = "S3Prefix",
            ["S3InputMode"] = "File",
            ["S3DataDistributionType"] = distribution == DataDistribution.Sharded ? "ShardedByS3Key" : "FullyReplicated",
            ["S3CompressionType"] = "None",
        },
    };
}
