using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>What steps of several types have in common, in SageMaker's shapes: places, images, tags, networks, retries, caches.</summary>
internal sealed class StepShapes(ModelPlan plan, SourceKeys sources)
{
    public const string KmsKeyParameter = "kms-key";
    public const string ModelParameter = "model-artifact";

    public ModelPlan Plan { get; } = plan;

    public SourceKeys Sources { get; } = sources;

    public TemplateExpressions Expressions { get; } = new(plan);

    /// <summary>Where an input lies.</summary>
    public JsonNode Uri(InputSource source) => source switch
    {
        DataInput data => Expression.Parameter(data.Data.Parameter),
        OutputInput output => Expression.ProcessingOutput(output.Step, output.Output),
        TrainedInput trained => Artifacts(Plan.Jobs.First(j => j.Name == trained.Step)),
        PredictionsInput predictions => Expression.Reference($"Steps.{predictions.Step}.TransformOutput.S3OutputPath"),
        BundleInput bundle => Sources.FilesUri(bundle.Bundle),
        ModelInput => Model(),
        _ => throw new ArgumentOutOfRangeException(nameof(source)),
    };

    /// <summary>The archive that containers get: the model, with the code that answers where they cannot fetch it.</summary>
    public JsonNode ServedModel() => Plan.Package is { } package
        ? Expression.Joined("/", [Expression.ProcessingOutput(package.Name, PackagePlanner.Output), JsonValue.Create("model.tar.gz")])
        : Model();

    /// <summary>The model.tar.gz as it was trained, or brought.</summary>
    public JsonNode Model() => Plan.Model switch
    {
        TrainedModel trained => Artifacts(trained.Step),
        BroughtModel { IsS3: true } => Expression.Parameter(ModelParameter),
        BroughtModel brought => Expression.Joined("/", [Expression.Parameter(ModelParameter), JsonValue.Create(new RepositoryPath(brought.Source).FileName)]),
        _ => throw new InvalidOperationException("There is no model."),
    };

    /// <summary>BUCKET/PREFIX/runs/RUN ID/STEP/OUTPUT: outputs of different runs never meet.</summary>
    public JsonObject RunUri(params string[] rest) => Expression.Joined("/", RunParts("runs", rest));

    /// <summary>BUCKET/PREFIX/models/RUN ID/STEP/OUTPUT: what registered versions refer to, which outlives the runs ('retention.runs').</summary>
    public JsonObject KeptUri(params string[] rest) => Expression.Joined("/", RunParts("models", rest));

    public static JsonNode Image(PlannedImage image) => image.Own is { } uri ? JsonValue.Create(uri) : Expression.Parameter(image.Parameter);

    public static StepCache? Cache(Duration? cache) => cache is { } duration ? new StepCache(true, duration.ToIso8601()) : null;

    /// <summary>"Retry Policy for Pipeline Steps" of the developer guide: faults of the service and of the job.</summary>
    public static JsonObject Retries(PlannedRetry? retry) => Retries(retry, retry?.Errors ?? []);

    /// <summary>A tuning's trainings are tried again by the tuning itself ("Retry Policy for Pipeline Steps": not by the step).</summary>
    public static JsonObject RetriesOfTuning(PlannedRetry? retry) => Retries(retry, (retry?.Errors ?? []).Where(e => e != RetryError.InternalError));

    private static JsonObject Retries(PlannedRetry? retry, IEnumerable<RetryError> errors)
    {
        string[] named = [.. errors.Select(e => e switch
        {
            RetryError.Throttling => "Step.THROTTLING",
            RetryError.ServiceFault => "Step.SERVICE_FAULT",
            RetryError.InternalError => "SageMaker.JOB_INTERNAL_ERROR",
            RetryError.Capacity => "SageMaker.CAPACITY_ERROR",
            _ => "SageMaker.RESOURCE_LIMIT",
        })];
        return retry is null || named.Length == 0 ? [] : new JsonObject
        {
            ["RetryPolicies"] = new JsonArray(new JsonObject
            {
                ["ExceptionType"] = Strings(named),
                ["IntervalSeconds"] = retry.IntervalSeconds,
                ["BackoffRate"] = retry.Backoff,
                ["MaxAttempts"] = retry.Attempts,
            }),
        };
    }

    /// <summary>The configuration's tags, in the order of their names.</summary>
    public void AddTags(JsonObject arguments) => AddTags(Plan, arguments);

    public static void AddTags(ModelPlan plan, JsonObject arguments)
    {
        if (plan.Tags.Count > 0)
            arguments["Tags"] = new JsonArray([.. plan.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new JsonObject { ["Key"] = t.Key, ["Value"] = t.Value })]);
    }

    /// <summary>VpcConfig as jobs and models take it; null: they run outside of a VPC.</summary>
    public JsonObject? VpcConfig() => Plan.Aws.Network is not { } network ? null : new JsonObject
    {
        ["SecurityGroupIds"] = Strings(network.SecurityGroups),
        ["Subnets"] = Strings(network.Subnets),
    };

    public static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => JsonValue.Create(v))]);

    /// <summary>Where a tuning's trainings write, each below its own name. Without the run's id: the cache may find them in a later run.</summary>
    public static JsonObject TuningUri(ModelPlan plan, PlannedStep step) =>
        Expression.Joined("/", [JsonValue.Create("s3:/"), Expression.Parameter(ReservedNames.Bucket), JsonValue.Create($"{plan.Prefix}/models/tuning"), JsonValue.Create(step.Name)]);

    /// <summary>A training's own artifacts. The best job of a tuning writes below its own name; the first summary is that of the best.</summary>
    private JsonObject Artifacts(PlannedStep step) => step.Tuning is null
        ? Expression.Reference($"Steps.{step.Name}.ModelArtifacts.S3ModelArtifacts")
        : Expression.Joined("/", [TuningUri(Plan, step), Expression.Reference($"Steps.{step.Name}.TrainingJobSummaries[0].TrainingJobName"), JsonValue.Create("output/model.tar.gz")]);

    private IEnumerable<JsonNode> RunParts(string kind, IEnumerable<string> rest) =>
    [
        JsonValue.Create("s3:/"), Expression.Parameter(ReservedNames.Bucket), JsonValue.Create($"{Plan.Prefix}/{kind}"),
        Expression.Reference("Execution.PipelineExecutionId"), .. rest.Select(r => JsonValue.Create(r)),
    ];
}
