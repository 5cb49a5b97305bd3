using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Checks;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Jobs and the registration, in the shapes of SageMaker's Create requests.</summary>
internal sealed class StepEmitter(ModelPlan plan, SourceKeys sources)
{
    private const string ProcessingFolder = "/opt/ml/processing/input";
    private const string ProcessingCode = ProcessingFolder + "/code";
    private const string TrainingCode = "/opt/ml/input/data/code";

    private readonly TemplateExpressions expressions = new(plan.Parameters);

    public PipelineStep Emit(PlannedStep step) => step.Kind == StepKind.Training ? EmitTraining(step) : EmitProcessing(step);

    public PipelineStep EmitRegister()
    {
        var inference = plan.Inference;
        var environment = new JsonObject();
        if (inference.Bundle is { } bundle)
        {
            environment["SAGEMAKER_PROGRAM"] = bundle.Program;
            environment["SAGEMAKER_SUBMIT_DIRECTORY"] = sources.ArchiveUri(bundle);
        }

        foreach (var (name, value) in inference.Environment)
            environment[name] = value;
        var arguments = new JsonObject { ["ModelPackageGroupName"] = plan.GroupName };
        if (plan.Description is not null)
            arguments["ModelPackageDescription"] = plan.Description;
        arguments["InferenceSpecification"] = new JsonObject
        {
            ["Containers"] = new JsonArray(new JsonObject
            {
                ["Image"] = Image(inference.Runtime),
                ["ModelDataUrl"] = ModelArtifacts(),
                ["Environment"] = environment,
            }),
            ["SupportedContentTypes"] = Strings(inference.ContentTypes),
            ["SupportedResponseMIMETypes"] = Strings(inference.ResponseTypes),
            ["SupportedRealtimeInferenceInstanceTypes"] = Strings(inference.RealtimeInstanceTypes),
            ["SupportedTransformInstanceTypes"] = Strings(inference.TransformInstanceTypes),
        };
        arguments["ModelApprovalStatus"] = "PendingManualApproval";
        if (plan.Steps.FirstOrDefault(s => s.Report is not null) is { } evaluation)
        {
            arguments["ModelMetrics"] = new JsonObject
            {
                ["ModelQuality"] = new JsonObject
                {
                    ["Statistics"] = new JsonObject
                    {
                        ["ContentType"] = "application/json",
                        ["S3Uri"] = Expression.Joined("/", [Expression.ProcessingOutput(evaluation.Name, "report"), JsonValue.Create(evaluation.Report!)]),
                    },
                },
            };
        }

        if (plan.Metadata.Count > 0)
            arguments["CustomerMetadataProperties"] = expressions.Texts(plan.Metadata);
        arguments["Domain"] = Configuration.Binding.Words.Upper(plan.Domain);
        arguments["Task"] = plan.ProblemType switch
        {
            ProblemType.Regression => "REGRESSION",
            ProblemType.BinaryClassification or ProblemType.MulticlassClassification => "CLASSIFICATION",
            _ => "OTHER",
        };
        return new PipelineStep { Name = "register", Type = StepTypes.RegisterModel, Arguments = arguments };
    }

    private PipelineStep EmitProcessing(PlannedStep step)
    {
        var application = new JsonObject
        {
            ["ImageUri"] = Image(step.Runtime),
            ["ContainerEntrypoint"] = Strings(step.Bundle.Command(ProcessingCode)),
        };
        if (step.Arguments.Count > 0)
            application["ContainerArguments"] = new JsonArray([.. step.Arguments.Select(expressions.Text)]);

        var inputs = step.Inputs.Select(i => ProcessingInput(i.Name, Uri(i.Source), i.Distribution)).Append(ProcessingInput("code", sources.FilesUri(step.Bundle)));
        var arguments = new JsonObject
        {
            ["ProcessingResources"] = new JsonObject
            {
                ["ClusterConfig"] = new JsonObject
                {
                    ["InstanceType"] = step.Instance.Type,
                    ["InstanceCount"] = step.Instance.Count,
                    ["VolumeSizeInGB"] = step.Instance.VolumeGiB,
                },
            },
            ["AppSpecification"] = application,
            ["RoleArn"] = Expression.Parameter(ReservedNames.ExecutionRole),
            ["ProcessingInputs"] = new JsonArray([.. inputs]),
        };
        if (step.Outputs.Count > 0)
        {
            arguments["ProcessingOutputConfig"] = new JsonObject
            {
                ["Outputs"] = new JsonArray([.. step.Outputs.Select(o => new JsonObject
                {
                    ["OutputName"] = o.Name,
                    ["AppManaged"] = false,
                    ["S3Output"] = new JsonObject
                    {
                        ["S3Uri"] = o.To is { } to ? JsonValue.Create(to) : RunUri(step.Name, o.Name),
                        ["LocalPath"] = $"/opt/ml/processing/output/{o.Name}",
                        ["S3UploadMode"] = "EndOfJob",
                    },
                })]),
            };
        }

        if (step.Environment.Count > 0)
            arguments["Environment"] = expressions.Texts(step.Environment);
        arguments["StoppingCondition"] = new JsonObject { ["MaxRuntimeInSeconds"] = step.MaxRuntimeSeconds };
        return new PipelineStep
        {
            Name = step.Name,
            Type = StepTypes.Processing,
            Arguments = arguments,
            PropertyFiles = step.Report is null ? [] : [new PropertyFile(GateEmitter.PropertyFileName, "report", step.Report)],
            Cache = Cache(step),
            DependsOn = step.After,
            Others = Retries(step),
        };
    }

    private PipelineStep EmitTraining(PlannedStep step)
    {
        var channels = step.Inputs.Select(i => Channel(i.Name, Uri(i.Source), i)).ToList();
        var hyperparameters = expressions.Texts(step.Hyperparameters);
        var algorithm = new JsonObject { ["TrainingImage"] = Image(step.Runtime), ["TrainingInputMode"] = "File" };
        if (step.Runtime.HasToolkit)
        {
            hyperparameters["sagemaker_program"] = step.Bundle.Program;
            hyperparameters["sagemaker_submit_directory"] = sources.ArchiveUri(step.Bundle);
        }
        else
        {
            // A container of one's own knows no script mode: the code comes as a channel, and the command names it.
            channels.Add(Channel("code", sources.FilesUri(step.Bundle), null));
            algorithm["ContainerEntrypoint"] = Strings(step.Bundle.Command(TrainingCode));
        }

        if (step.MetricDefinitions.Count > 0)
            algorithm["MetricDefinitions"] = new JsonArray([.. step.MetricDefinitions.Select(m => new JsonObject { ["Name"] = m.Key, ["Regex"] = m.Value })]);

        var arguments = new JsonObject
        {
            ["AlgorithmSpecification"] = algorithm,
            ["RoleArn"] = Expression.Parameter(ReservedNames.ExecutionRole),
            ["InputDataConfig"] = new JsonArray([.. channels]),
            ["OutputDataConfig"] = new JsonObject { ["S3OutputPath"] = RunUri(step.Name) },
            ["ResourceConfig"] = new JsonObject
            {
                ["InstanceType"] = step.Instance.Type,
                ["InstanceCount"] = step.Instance.Count,
                ["VolumeSizeInGB"] = step.Instance.VolumeGiB,
            },
            ["StoppingCondition"] = new JsonObject { ["MaxRuntimeInSeconds"] = step.MaxRuntimeSeconds },
        };
        if (hyperparameters.Count > 0)
            arguments["HyperParameters"] = hyperparameters;
        if (step.Environment.Count > 0)
            arguments["Environment"] = expressions.Texts(step.Environment);
        if (step.Spot is { } spot)
        {
            arguments["EnableManagedSpotTraining"] = true;
            arguments["StoppingCondition"]!["MaxWaitTimeInSeconds"] = spot.MaxWaitSeconds;
            if (spot.Checkpoints)
                arguments["CheckpointConfig"] = new JsonObject { ["S3Uri"] = RunUri(step.Name, "checkpoints") };
        }

        return new PipelineStep { Name = step.Name, Type = StepTypes.Training, Arguments = arguments, Cache = Cache(step), DependsOn = step.After, Others = Retries(step) };
    }

    private JsonNode Uri(InputSource source) => source switch
    {
        DataInput data => Expression.Parameter(data.Data.Parameter),
        OutputInput output => Expression.ProcessingOutput(output.Step, output.Output),
        ModelInput => ModelArtifacts(),
        _ => throw new ArgumentOutOfRangeException(nameof(source)),
    };

    private JsonObject ModelArtifacts() =>
        Expression.Reference($"Steps.{plan.Steps.First(s => s.Kind == StepKind.Training).Name}.ModelArtifacts.S3ModelArtifacts");

    /// <summary>BUCKET/PREFIX/runs/RUN ID/STEP/OUTPUT: outputs of different runs never meet.</summary>
    private JsonObject RunUri(params string[] rest) => Expression.Joined("/", [
        JsonValue.Create("s3:/"), Expression.Parameter(ReservedNames.Bucket), JsonValue.Create($"{plan.Prefix}/runs"),
        Expression.Reference("Execution.PipelineExecutionId"), .. rest.Select(r => JsonValue.Create(r)),
    ]);

    private static JsonObject ProcessingInput(string name, JsonNode uri, DataDistribution distribution = DataDistribution.Replicated) => new()
    {
        ["InputName"] = name,
        ["AppManaged"] = false,
        ["S3Input"] = new JsonObject
        {
            ["S3Uri"] = uri,
            ["LocalPath"] = $"{ProcessingFolder}/{name}",
            ["S3DataType"] = "S3Prefix",
            ["S3InputMode"] = "File",
            ["S3DataDistributionType"] = Word(distribution),
            ["S3CompressionType"] = "None",
        },
    };

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
                    ["S3DataDistributionType"] = Word(input?.Distribution ?? DataDistribution.Replicated),
                },
            },
        };
        if (input?.ContentType is { } contentType)
            channel["ContentType"] = contentType;
        if (input is { Mode: not InputMode.File })
            channel["InputMode"] = input.Mode.ToString();
        return channel;
    }

    private static string Word(DataDistribution distribution) => distribution == DataDistribution.Sharded ? "ShardedByS3Key" : "FullyReplicated";

    /// <summary>"Retry Policy for Pipeline Steps" of the developer guide: faults of the service and of the job.</summary>
    private static JsonObject Retries(PlannedStep step) => step.Retry is not { } retry ? [] : new JsonObject
    {
        ["RetryPolicies"] = new JsonArray(new JsonObject
        {
            ["ExceptionType"] = Strings(retry.Errors.Select(e => e switch
            {
                RetryError.Throttling => "Step.THROTTLING",
                RetryError.ServiceFault => "Step.SERVICE_FAULT",
                RetryError.InternalError => "SageMaker.JOB_INTERNAL_ERROR",
                RetryError.Capacity => "SageMaker.CAPACITY_ERROR",
                _ => "SageMaker.RESOURCE_LIMIT",
            })),
            ["IntervalSeconds"] = retry.IntervalSeconds,
            ["BackoffRate"] = retry.Backoff,
            ["MaxAttempts"] = retry.Attempts,
        }),
    };

    private static JsonNode Image(PlannedRuntime runtime) =>
        runtime.Image is { } image ? JsonValue.Create(image) : Expression.Parameter(runtime.ImageParameter);

    private static StepCache? Cache(PlannedStep step) => step.Cache is { } duration ? new StepCache(true, duration.ToIso8601()) : null;

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => JsonValue.Create(v))]);
}
