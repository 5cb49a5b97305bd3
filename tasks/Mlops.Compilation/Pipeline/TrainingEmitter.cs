using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Training and tuning jobs, in the shapes of CreateTrainingJob and CreateHyperParameterTuningJob.</summary>
internal static class TrainingEmitter
{
    private const string Code = "/opt/ml/input/data/code";

    /// <summary>Of RetryStrategy.</summary>
    private const int MostRetries = 30;

    public static PipelineStep Emit(PlannedStep step, StepShapes shapes) => new()
    {
        Name = step.Name,
        Type = step.Tuning is null ? StepTypes.Training : StepTypes.Tuning,
        Arguments = step.Tuning is { } tuning ? Tuning(step, tuning, shapes) : Training(step, shapes),
        DependsOn = step.After,
        Cache = StepShapes.Cache(step.Cache),
        Others = step.Tuning is null ? StepShapes.Retries(step.Retry) : StepShapes.RetriesOfTuning(step.Retry),
    };

    private static JsonObject Training(PlannedStep step, StepShapes shapes)
    {
        var job = Job(step, shapes, out var hyperparameters);
        job["ResourceConfig"] = Resources(step, shapes);
        if (hyperparameters.Count > 0)
            job["HyperParameters"] = hyperparameters;
        shapes.AddTags(job);
        return job;
    }

    private static JsonObject Tuning(PlannedStep step, PlannedTuning tuning, StepShapes shapes)
    {
        var job = Job(step, shapes, out var hyperparameters);
        // A tuning job's containers are started as they are: HyperParameterAlgorithmSpecification has no entry point.
        job["AlgorithmSpecification"]!.AsObject().Remove("ContainerEntrypoint");
        job["HyperParameterTuningResourceConfig"] = Resources(step, shapes);
        if (step.Retry is { } retry && retry.Errors.Contains(RetryError.InternalError))
            job["RetryStrategy"] = new JsonObject { ["MaximumRetryAttempts"] = Math.Min(retry.Attempts, MostRetries) };
        if (hyperparameters.Count > 0)
            job["StaticHyperParameters"] = hyperparameters;
        var limits = new JsonObject { ["MaxParallelTrainingJobs"] = tuning.MaxParallelJobs };
        if (tuning.MaxJobs is { } most)
            limits["MaxNumberOfTrainingJobs"] = most;
        var config = new JsonObject
        {
            ["Strategy"] = tuning.Strategy.ToString(),
            ["HyperParameterTuningJobObjective"] = new JsonObject { ["Type"] = tuning.Goal.ToString(), ["MetricName"] = tuning.Metric },
            ["ResourceLimits"] = limits,
            ["ParameterRanges"] = Ranges(tuning.Ranges),
            ["TrainingJobEarlyStoppingType"] = tuning.EarlyStopping ? "Auto" : "Off",
        };
        // Hyperband takes its bounds from a fixed hyperparameter such as num_epochs where none are given (HyperbandStrategyConfig).
        var arguments = new JsonObject { ["HyperParameterTuningJobConfig"] = config, ["TrainingJobDefinition"] = job };
        shapes.AddTags(arguments);
        return arguments;
    }

    private static JsonObject Ranges(IReadOnlyList<PlannedRange> ranges)
    {
        var lists = new JsonObject();
        Add("ContinuousParameterRanges", ranges.Where(r => r.Values is null && r.Type == RangeType.Continuous).Select(Numbers));
        Add("IntegerParameterRanges", ranges.Where(r => r.Values is null && r.Type == RangeType.Integer).Select(Numbers));
        Add("CategoricalParameterRanges", ranges.Where(r => r.Values is not null).Select(r => new JsonObject { ["Name"] = r.Name, ["Values"] = StepShapes.Strings(r.Values!) }));
        return lists;

        void Add(string name, IEnumerable<JsonObject> items)
        {
            if (items.ToArray() is { Length: > 0 } all)
                lists[name] = new JsonArray([.. all]);
        }

        static JsonObject Numbers(PlannedRange range) => new()
        {
            ["Name"] = range.Name,
            ["MinValue"] = range.Min.ToString(CultureInfo.InvariantCulture),
            ["MaxValue"] = range.Max.ToString(CultureInfo.InvariantCulture),
            ["ScalingType"] = range.Scale == RangeScale.ReverseLogarithmic ? "ReverseLogarithmic" : range.Scale.ToString(),
        };
    }

    /// <summary>What a single training and one of a tuning have in common.</summary>
    private static JsonObject Job(PlannedStep step, StepShapes shapes, out JsonObject hyperparameters)
    {
        var channels = step.Inputs.Select(i => Channel(i.Name, shapes.Uri(i.Source), i)).ToList();
        hyperparameters = shapes.Expressions.Texts(step.Hyperparameters);
        var algorithm = new JsonObject { ["TrainingImage"] = StepShapes.Image(step.Image), ["TrainingInputMode"] = "File" };
        if (step.Bundle is { } script && step.Runtime.HasToolkit)
        {
            hyperparameters["sagemaker_program"] = script.Program;
            var archive = shapes.Sources.ArchiveUri(script);
            if (shapes.Plan.Aws.Network is { Isolated: true })
            {
                // An isolated container fetches nothing: the archive comes as a channel, as the SageMaker Python SDK brings it.
                channels.Add(Channel("code", archive, null));
                archive = JsonValue.Create($"{Code}/sourcedir.tar.gz");
            }

            hyperparameters["sagemaker_submit_directory"] = archive;
        }
        else if (step.Bundle is { } bundle)
        {
            // A container of one's own knows no script mode: the code comes as a channel, and the command names it.
            channels.Add(Channel("code", shapes.Sources.FilesUri(bundle), null));
            algorithm["ContainerEntrypoint"] = StepShapes.Strings(bundle.Command(Code));
        }

        if (step.MetricDefinitions.Count > 0)
            algorithm["MetricDefinitions"] = new JsonArray([.. step.MetricDefinitions.Select(m => new JsonObject { ["Name"] = m.Key, ["Regex"] = m.Value })]);
        var output = new JsonObject { ["S3OutputPath"] = step.Tuning is null ? shapes.KeptUri(step.Name) : StepShapes.TuningUri(shapes.Plan, step) };
        if (shapes.Plan.Aws.KmsKey is not null)
            output["KmsKeyId"] = Expression.Parameter(StepShapes.KmsKeyParameter);
        var stopping = new JsonObject { ["MaxRuntimeInSeconds"] = step.MaxRuntimeSeconds };
        var job = new JsonObject
        {
            ["AlgorithmSpecification"] = algorithm,
            ["RoleArn"] = Expression.Parameter(ReservedNames.ExecutionRole),
            ["InputDataConfig"] = new JsonArray([.. channels]),
            ["OutputDataConfig"] = output,
            ["StoppingCondition"] = stopping,
        };
        if (step.Environment.Count > 0)
            job["Environment"] = shapes.Expressions.Texts(step.Environment);
        if (shapes.Plan.Aws.Network is { } network)
        {
            job["VpcConfig"] = shapes.VpcConfig();
            job["EnableNetworkIsolation"] = network.Isolated;
            job["EnableInterContainerTrafficEncryption"] = network.EncryptTraffic;
        }

        if (step.Spot is not { } spot)
            return job;
        job["EnableManagedSpotTraining"] = true;
        stopping["MaxWaitTimeInSeconds"] = spot.MaxWaitSeconds;
        if (spot.Checkpoints)
            job["CheckpointConfig"] = new JsonObject { ["S3Uri"] = shapes.RunUri(step.Name, "checkpoints") };
        return job;
    }

    private static JsonObject Resources(PlannedStep step, StepShapes shapes)
    {
        var resources = new JsonObject
        {
            ["InstanceType"] = step.Instance.Type,
            ["InstanceCount"] = step.Instance.Count,
            ["VolumeSizeInGB"] = step.Instance.VolumeGiB,
        };
        if (shapes.Plan.Aws.KmsKey is not null && !step.Instance.HasLocalStorage)
            resources["VolumeKmsKeyId"] = Expression.Parameter(StepShapes.KmsKeyParameter);
        return resources;
    }

    private static JsonObject Channel(string name, JsonNode uri, PlannedInput? input)
    {
        var channel = new JsonObject
        {
            ["ChannelName"] = name,
            ["DataSource"] = new JsonObject
            {
                ["S3DataSource"] = new JsonObject
                {
                    ["S3DataType"] = "S3Prefix",
                    ["S3Uri"] = uri,
                    ["S3DataDistributionType"] = input?.Distribution == DataDistribution.Sharded ? "ShardedByS3Key" : "FullyReplicated",
                },
            },
        };
        if (input?.ContentType is { } contentType)
            channel["ContentType"] = contentType;
        if (input is { Mode: not InputMode.File })
            channel["InputMode"] = input.Mode.ToString();
        return channel;
    }
}
