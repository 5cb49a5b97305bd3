using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// What a round of a monitor carries out: a Processing job of the analyzer over what was captured; for explanations one that writes requests
/// of it, a transform that asks the model, away from the endpoint that serves, and one that reads the answers.
/// </summary>
/// <param name="role">The logical id of the role of the jobs.</param>
internal sealed class MonitorSteps(ModelPlan plan, PlannedStage stage, SourceKeys sources, StackTemplate template, string role)
{
    private const string CaptureParameter = "CaptureUri";
    private const string ModelParameter = "ServedModel";
    private const string ExplanationParameter = "ExplanationUri";
    private const string Samples = "samples";
    private const string Requests = "requests";
    private const int MaxRuntimeSeconds = 3_600;

    public IReadOnlyList<PipelineStep> Of(PlannedMonitor monitor) => monitor.Kind == MonitorKind.Explain ? Explain(monitor) : [Look(monitor)];

    private PipelineStep Look(PlannedMonitor monitor)
    {
        List<JsonObject> inputs = [Settings(monitor)];
        List<string> arguments = [monitor.Name, .. Captured(), .. Metrics];
        if (monitor.Baseline is { } baseline)
            inputs.Add(Input("baseline", DataUri(baseline)));
        if (monitor.GroundTruth is { } truth)
            arguments.AddRange(["--ground-truth", DataUri(truth), "--delay", Seconds(monitor.DelaySeconds), "--window", Seconds(monitor.WindowSeconds ?? monitor.DelaySeconds)]);
        return Job(monitor, monitor.Name, arguments, inputs, [AnalysisPlanner.Report]);
    }

    private IReadOnlyList<PipelineStep> Explain(PlannedMonitor monitor)
    {
        template.Parameter(ModelParameter, "The model that the stage serves with; deploying names it.");
        template.Parameter(ExplanationParameter, "The explanation of the version that is served, which later ones are compared with: an S3 prefix; deploying names it.");
        var predictions = Round(monitor, AnalysisPlanner.ExplainPredict, "predictions");
        var type = plan.Inference.TransformInstanceTypes is [var first, ..] ? first : plan.Operations.MonitorInstance.Type;
        var ask = TransformShape.Arguments(
            JsonValue.Create($"${{{ModelParameter}}}"), Expression.ProcessingOutput(AnalysisPlanner.ExplainSample, Requests), predictions, plan.Inference.ContentTypes[0], plan.Inference.ResponseTypes[0],
            Split.Line, Records.Many, Join.None, null, null, plan.Operations.MonitorInstance with { Type = type, Count = 1 }, stage.Aws.KmsKey is null ? null : JsonValue.Create($"${{{Permissions.KeyParameter}}}"));
        return
        [
            Job(monitor, AnalysisPlanner.ExplainSample, [AnalysisPlanner.ExplainSample, .. Captured()], [Settings(monitor)], [Samples, Requests]),
            new() { Name = AnalysisPlanner.ExplainPredict, Type = StepTypes.Transform, Arguments = ask },
            Job(monitor, monitor.Name, [monitor.Name, .. Endpoint, .. Metrics],
            [
                Settings(monitor), Input(Samples, Expression.ProcessingOutput(AnalysisPlanner.ExplainSample, Samples)),
                Input("predictions", Expression.Reference($"Steps.{AnalysisPlanner.ExplainPredict}.TransformOutput.S3OutputPath")),
                Input("baseline", $"${{{ExplanationParameter}}}"),
            ], [AnalysisPlanner.Report]),
        ];
    }

    /// <summary>Stages capture to places of their own; where a bucket is yet to be made, publishing knows.</summary>
    private IEnumerable<string> Captured()
    {
        var uri = stage.Capture?.To ?? (stage.Aws.Bucket is { } bucket ? $"s3://{bucket}/{plan.Prefix}/capture/{plan.ModelName}-{stage.Name}" : null);
        template.Parameter(CaptureParameter, "Where the stage captures to: the S3 prefix.", uri);
        return ["--capture", $"${{{CaptureParameter}}}", .. Endpoint];
    }

    private string[] Endpoint => ["--endpoint", DeployStack.StageName(plan)];

    private static string[] Metrics => ["--metrics", MonitorStack.Namespace];

    private PipelineStep Job(PlannedMonitor monitor, string name, IEnumerable<string> arguments, IEnumerable<JsonObject> inputs, IEnumerable<string> outputs)
    {
        template.Parameter(MonitorStack.Image, "The container of the analyzer; publishing brings it.");
        var instance = plan.Operations.MonitorInstance;
        var cluster = new JsonObject { ["InstanceType"] = instance.Type, ["InstanceCount"] = instance.Count, ["VolumeSizeInGB"] = instance.VolumeGiB };
        var target = new JsonObject { ["Outputs"] = new JsonArray([.. outputs.Select(o => Output(monitor, name, o))]) };
        var job = new JsonObject
        {
            ["ProcessingResources"] = new JsonObject { ["ClusterConfig"] = cluster },
            ["AppSpecification"] = new JsonObject { ["ImageUri"] = $"${{{MonitorStack.Image}}}", ["ContainerArguments"] = new JsonArray([.. arguments.Select(a => JsonValue.Create(a))]) },
            ["RoleArn"] = $"${{{role}.Arn}}",
            ["ProcessingInputs"] = new JsonArray([.. inputs]),
            ["ProcessingOutputConfig"] = target,
            ["StoppingCondition"] = new JsonObject { ["MaxRuntimeInSeconds"] = MaxRuntimeSeconds },
        };
        if (stage.Aws.KmsKey is not null)
        {
            target["KmsKeyId"] = $"${{{Permissions.KeyParameter}}}";
            if (!instance.HasLocalStorage)
                cluster["VolumeKmsKeyId"] = $"${{{Permissions.KeyParameter}}}";
        }

        if (stage.Aws.Network is { } network)
        {
            job["NetworkConfig"] = new JsonObject
            {
                ["EnableInterContainerTrafficEncryption"] = network.EncryptTraffic,
                ["EnableNetworkIsolation"] = false, // The analyzer fetches what was captured.
                ["VpcConfig"] = new JsonObject { ["SecurityGroupIds"] = new JsonArray($"${{{BatchResources.Groups}}}"), ["Subnets"] = new JsonArray($"${{{BatchResources.Subnets}}}") },
            };
        }

        return new PipelineStep { Name = name, Type = StepTypes.Processing, Arguments = job };
    }

    /// <summary>A place of this round's own.</summary>
    private JsonNode Round(PlannedMonitor monitor, params string[] below) => Expression.Joined("/",
        [JsonValue.Create($"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/monitor/{DeployStack.StageName(plan)}/{monitor.Name}"), Expression.Reference("Execution.PipelineExecutionId"), .. below.Select(b => JsonValue.Create(b))]);

    /// <summary>The report lies at the round itself, what it was made of below.</summary>
    private JsonObject Output(PlannedMonitor monitor, string step, string name) => new()
    {
        ["OutputName"] = name,
        ["AppManaged"] = false,
        ["S3Output"] = new JsonObject
        {
            ["S3Uri"] = name == AnalysisPlanner.Report ? Round(monitor) : Round(monitor, step, name),
            ["LocalPath"] = $"/opt/ml/processing/output/{name}",
            ["S3UploadMode"] = "EndOfJob",
        },
    };

    /// <summary>What is published lies in the bucket of the build.</summary>
    private JsonObject Settings(PlannedMonitor monitor) => Input("config", $"s3://${{{MonitorStack.BuildBucket}}}/{sources.FilesKey(monitor.Bundle)}");

    /// <summary>Where a data set is published, as ${...} names it.</summary>
    private string DataUri(PlannedData data)
    {
        if (data.IsInS3)
            return data.Source;
        var name = $"Data{Retraining.Pascal(data.Name)}Uri";
        template.Parameter(name, $"Where the data set {data.Name} is published: an S3 prefix.");
        return $"${{{name}}}";
    }

    private static JsonObject Input(string name, JsonNode uri) => new()
    {
        ["InputName"] = name,
        ["AppManaged"] = false,
        ["S3Input"] = new JsonObject
        {
            ["S3Uri"] = uri,
            ["LocalPath"] = $"/opt/ml/processing/input/{name}",
            ["S3DataType"] = "S3Prefix",
            ["S3InputMode"] = "File",
            ["S3DataDistributionType"] = "FullyReplicated",
            ["S3CompressionType"] = "None",
        },
    };

    private static string Seconds(int seconds) => seconds.ToString(CultureInfo.InvariantCulture) + "s";
}
