using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Stacks;

/// <summary>An endpoint with its configuration, scaling and alarms.</summary>
internal sealed class EndpointResources(ModelPlan plan, PlannedStage stage, StackTemplate template, Action<string, string, string> addModel)
{
    public const string OneVariant = "AllTraffic";

    /// <summary>The longest that a deployment may take (DeploymentConfig: 600 to 28,800 seconds).</summary>
    private const int MostSeconds = 28_800;

    private const int StartSeconds = 3_600;

    private const string ShadowParameter = "ShadowModelPackageArn";

    private JsonObject EndpointName => Cfn.Sub(DeployStack.StageName(plan));

    /// <summary>The parameters for versions beside the one that is deployed, and which each is.</summary>
    public static IEnumerable<(string Parameter, string Version)> FurtherVersions(PlannedStage stage)
    {
        if (stage.Endpoint is not RealtimeEndpoint realtime)
            yield break;
        // The first variant is the model that every stage has.
        foreach (var (variant, i) in realtime.Variants.Select((v, i) => (v, i)).Skip(1))
            yield return (VersionParameter(i + 1), variant.Version);
        if (realtime.Shadow is { } shadow)
            yield return (ShadowParameter, shadow.Version);
    }

    public void Add(PlannedEndpoint endpoint)
    {
        var config = new JsonObject { ["ProductionVariants"] = new JsonArray([.. Variants(endpoint)]) };
        if (endpoint is RealtimeEndpoint { Shadow: { } shadow } realtime)
        {
            addModel("ShadowModel", ShadowParameter, "The version that gets copies of requests: the ARN of its model package.");
            config["ShadowProductionVariants"] = new JsonArray(OnInstances("Shadow", "ShadowModel", realtime.Instance, shadow.Percent / 100.0));
        }

        if (endpoint is AsyncEndpoint queued)
            config["AsyncInferenceConfig"] = Async(queued);
        if (stage.Capture is { } capture)
            config["DataCaptureConfig"] = Capture(capture);
        if (stage.Aws.KmsKey is not null && endpoint is not ServerlessEndpoint && stage.Instance?.HasLocalStorage != true)
            config["KmsKeyId"] = Cfn.Ref(Permissions.KeyParameter);
        template.Add("EndpointConfig", "AWS::SageMaker::EndpointConfig", config);
        var alarms = AlarmResources.Add(template, plan, stage, VariantNames(endpoint));
        var properties = new JsonObject { ["EndpointName"] = EndpointName, ["EndpointConfigName"] = Cfn.GetAtt("EndpointConfig", "EndpointConfigName") };
        if (endpoint is RealtimeEndpoint { Rollout: { } rollout })
            properties["DeploymentConfig"] = Rollout(rollout, alarms);
        if (Scaling(endpoint) is not null)
        {
            // A new version starts with as many instances as the old one had; weights and capture are what the configuration says.
            properties["RetainAllVariantProperties"] = true;
            properties["ExcludeRetainedVariantProperties"] = new JsonArray(
                new JsonObject { ["VariantPropertyType"] = "DesiredWeight" }, new JsonObject { ["VariantPropertyType"] = "DataCaptureConfig" });
        }

        template.Add("Endpoint", "AWS::SageMaker::Endpoint", properties);
        template.Output("EndpointName", "The name that requests are sent to.", Cfn.GetAtt("Endpoint", "EndpointName"));
        if (Scaling(endpoint) is { } scaling)
            ScalingResources.Add(template, plan, scaling, VariantNames(endpoint), endpoint is AsyncEndpoint);
        if (stage.Aws.LogDays is { } days)
        {
            // Of a fixed name, and so gone with the stack: else the next stack of the stage could not make it.
            var logs = template.Add("EndpointLogs", "AWS::Logs::LogGroup", new JsonObject { ["LogGroupName"] = Cfn.Sub($"/aws/sagemaker/Endpoints/{DeployStack.StageName(plan)}"), ["RetentionInDays"] = days });
            logs["DeletionPolicy"] = "Delete";
            logs["UpdateReplacePolicy"] = "Delete";
        }
    }

    private static string VersionParameter(int variant) => $"ModelPackageArn{variant}";

    private static PlannedAutoscaling? Scaling(PlannedEndpoint endpoint) => endpoint switch { RealtimeEndpoint r => r.Autoscaling, AsyncEndpoint a => a.Autoscaling, _ => null };

    private static IReadOnlyList<string> VariantNames(PlannedEndpoint endpoint) =>
        endpoint is RealtimeEndpoint { Variants: { Count: > 0 } variants } ? [.. variants.Select((_, i) => $"Variant{i + 1}")] : [OneVariant];

    private IEnumerable<JsonObject> Variants(PlannedEndpoint endpoint)
    {
        switch (endpoint)
        {
            case ServerlessEndpoint serverless:
                var config = new JsonObject
                {
                    ["MemorySizeInMB"] = template.Number("MemorySizeInMB", "The endpoint's memory.", serverless.MemoryMiB),
                    ["MaxConcurrency"] = template.Number("MaxConcurrency", "How many requests at once.", serverless.MaxConcurrency),
                };
                if (serverless.ProvisionedConcurrency is { } warm)
                    config["ProvisionedConcurrency"] = template.Number("ProvisionedConcurrency", "For how many requests it is kept warm.", warm);
                yield return new JsonObject { ["VariantName"] = OneVariant, ["ModelName"] = Cfn.GetAtt("Model", "ModelName"), ["InitialVariantWeight"] = 1, ["ServerlessConfig"] = config };
                break;
            case RealtimeEndpoint { Variants: { Count: > 0 } variants } realtime:
                foreach (var (variant, i) in variants.Select((v, i) => (v, i + 1)))
                {
                    var model = i == 1 ? "Model" : $"Model{i}";
                    if (i > 1)
                        addModel(model, VersionParameter(i), $"Version '{variant.Version}', which shares the requests: the ARN of its model package.");
                    yield return OnInstances($"Variant{i}", model, realtime.Instance, variant.Weight);
                }

                break;
            default:
                yield return OnInstances(OneVariant, "Model", stage.Instance!, 1);
                break;
        }
    }

    private JsonObject OnInstances(string name, string model, PlannedInstance instance, double weight) => new()
    {
        ["VariantName"] = name,
        ["ModelName"] = Cfn.GetAtt(model, "ModelName"),
        ["InstanceType"] = template.Parameter("InstanceType", "The instances that serve.", instance.Type),
        ["InitialInstanceCount"] = template.Number("InstanceCount", "How many instances serve at first.", instance.Count),
        ["InitialVariantWeight"] = weight,
    };

    private JsonObject Async(AsyncEndpoint endpoint)
    {
        var output = new JsonObject
        {
            ["S3OutputPath"] = Cfn.Text(endpoint.Output ?? $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/async/{DeployStack.StageName(plan)}/"),
            ["S3FailurePath"] = Cfn.Text(endpoint.Failures ?? (endpoint.Output is { } given ? given.TrimEnd('/') + "/failures/" : $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/async/{DeployStack.StageName(plan)}/failures/")),
        };
        if (stage.Aws.KmsKey is not null)
            output["KmsKeyId"] = Cfn.Ref(Permissions.KeyParameter);
        var config = new JsonObject { ["OutputConfig"] = output };
        if (endpoint.MaxConcurrency is { } most)
            config["ClientConfig"] = new JsonObject { ["MaxConcurrentInvocationsPerInstance"] = template.Number("MaxConcurrentInvocations", "How many requests an instance answers at once.", most) };
        return config;
    }

    private JsonObject Capture(PlannedCapture capture)
    {
        var config = new JsonObject
        {
            ["EnableCapture"] = true,
            ["InitialSamplingPercentage"] = template.Number("CapturePercent", "How many of a hundred requests are kept.", capture.Percent),
            ["DestinationS3Uri"] = Cfn.Text(capture.To ?? $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/capture/{DeployStack.StageName(plan)}"),
            ["CaptureOptions"] = new JsonArray([.. new[] { ("Input", capture.Input), ("Output", capture.Output) }.Where(o => o.Item2).Select(o => new JsonObject { ["CaptureMode"] = o.Item1 })]),
        };
        // What is not named here is captured as base64.
        var types = plan.Inference.ContentTypes.Concat(plan.Inference.ResponseTypes).Distinct(StringComparer.Ordinal).ToList();
        var header = new JsonObject();
        if (types.Where(t => t.Contains("csv", StringComparison.Ordinal)).ToArray() is { Length: > 0 } csv)
            header["CsvContentTypes"] = new JsonArray([.. csv.Select(t => JsonValue.Create(t))]);
        if (types.Where(t => t.Contains("json", StringComparison.Ordinal)).ToArray() is { Length: > 0 } json)
            header["JsonContentTypes"] = new JsonArray([.. json.Select(t => JsonValue.Create(t))]);
        if (header.Count > 0)
            config["CaptureContentTypeHeader"] = header;
        if (stage.Aws.KmsKey is not null)
            config["KmsKeyId"] = Cfn.Ref(Permissions.KeyParameter);
        return config;
    }

    /// <summary>Deployment guardrails ("Use deployment guardrails to safely update models").</summary>
    private static JsonObject Rollout(PlannedRollout rollout, IReadOnlyList<string> alarms)
    {
        var steps = rollout.Strategy switch { RolloutStrategy.AllAtOnce => 1, RolloutStrategy.Canary => 2, _ => (int)Math.Ceiling(100.0 / rollout.Percent) };
        var longest = Math.Min(MostSeconds, StartSeconds + steps * rollout.BakeSeconds);
        var size = new JsonObject { ["Type"] = "CAPACITY_PERCENT", ["Value"] = rollout.Percent };
        var config = new JsonObject();
        if (rollout.Strategy == RolloutStrategy.Rolling)
        {
            config["RollingUpdatePolicy"] = new JsonObject { ["MaximumBatchSize"] = size, ["WaitIntervalInSeconds"] = rollout.BakeSeconds, ["MaximumExecutionTimeoutInSeconds"] = longest };
        }
        else
        {
            var traffic = new JsonObject { ["Type"] = rollout.Strategy switch { RolloutStrategy.Canary => "CANARY", RolloutStrategy.Linear => "LINEAR", _ => "ALL_AT_ONCE" } };
            if (rollout.Strategy != RolloutStrategy.AllAtOnce)
                traffic[rollout.Strategy == RolloutStrategy.Canary ? "CanarySize" : "LinearStepSize"] = size;
            traffic["WaitIntervalInSeconds"] = rollout.BakeSeconds;
            config["BlueGreenUpdatePolicy"] = new JsonObject { ["TrafficRoutingConfiguration"] = traffic, ["TerminationWaitInSeconds"] = 0, ["MaximumExecutionTimeoutInSeconds"] = longest };
        }

        if (alarms.Count > 0)
            config["AutoRollbackConfiguration"] = new JsonObject { ["Alarms"] = new JsonArray([.. alarms.Select(a => new JsonObject { ["AlarmName"] = Cfn.Ref(a) })]) };
        return config;
    }
}
