using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Stacks;

/// <summary>What a shape takes from its place: a template's parameters and references, or the values themselves.</summary>
internal abstract class PlaceValues
{
    /// <summary>The name of the stage's endpoint, as text for <see cref="Location"/>.</summary>
    public abstract string EndpointName { get; }

    public abstract JsonNode Number(string parameter, string description, long value);

    public abstract JsonNode Text(string parameter, string description, string value);

    /// <summary>An S3 URI, which may name the bucket as ${BucketName}.</summary>
    public abstract JsonNode Location(string uri);

    /// <summary>The name of a model resource; null: filled in when it is deployed.</summary>
    public abstract JsonNode? ModelName(string model);

    /// <summary>The stage's key; null: it has none.</summary>
    public abstract JsonNode? Key { get; }
}

/// <summary>The shape of CreateEndpointConfig, without its name, and CreateEndpoint's DeploymentConfig.</summary>
internal sealed partial class EndpointShape(ModelPlan plan, PlannedStage stage, PlaceValues values)
{
    /// <summary>Of CSV, and of JSON (CaptureContentTypeHeader).</summary>
    private const int MostTypesOfCapture = 10;

    public const string OneVariant = "AllTraffic";
    public const string ShadowVariant = "Shadow";

    private const string ShadowModel = "ShadowModel";

    /// <summary>The longest that a deployment may take (DeploymentConfig: 600 to 28,800 seconds).</summary>
    private const int MostSeconds = 28_800;

    private const int StartSeconds = 3_600;

    public static IReadOnlyList<string> VariantNames(PlannedEndpoint endpoint) =>
        endpoint is RealtimeEndpoint { Variants: { Count: > 0 } variants } ? [.. variants.Select((_, i) => $"Variant{i + 1}")] : [OneVariant];

    /// <summary>The variants that serve other versions than the one that is deployed, with their models.</summary>
    public static IEnumerable<(string Variant, string Model, string Version)> Further(PlannedEndpoint? endpoint)
    {
        if (endpoint is not RealtimeEndpoint realtime)
            yield break;
        foreach (var (variant, i) in realtime.Variants.Select((v, i) => (v, i + 1)).Where(v => v.Item2 != realtime.Deployed + 1))
            yield return ($"Variant{i}", $"Model{i}", variant.Version);
        if (realtime.Shadow is { } shadow)
            yield return (ShadowVariant, ShadowModel, shadow.Version);
    }

    public JsonObject Config(PlannedEndpoint endpoint)
    {
        var config = new JsonObject { ["ProductionVariants"] = new JsonArray([.. Variants(endpoint)]) };
        if (endpoint is RealtimeEndpoint { Shadow: { } shadow } realtime)
            config["ShadowProductionVariants"] = new JsonArray(OnInstances(ShadowVariant, ShadowModel, realtime.Instance, shadow.Percent / 100.0));
        if (endpoint is AsyncEndpoint queued)
            config["AsyncInferenceConfig"] = Async(queued);
        if (stage.Capture is { } capture)
            config["DataCaptureConfig"] = Capture(capture);
        if (values.Key is { } key && endpoint is not ServerlessEndpoint && stage.Instance?.HasLocalStorage != true)
            config["KmsKeyId"] = key;
        return config;
    }

    /// <summary>Deployment guardrails ("Use deployment guardrails to safely update models"), without their alarms.</summary>
    public static JsonObject Rollout(PlannedRollout rollout)
    {
        var steps = rollout.Strategy switch { RolloutStrategy.AllAtOnce => 1, RolloutStrategy.Canary => 2, _ => (int)Math.Ceiling(100.0 / rollout.Percent) };
        var longest = Math.Min(MostSeconds, StartSeconds + steps * rollout.BakeSeconds);
        var size = new JsonObject { ["Type"] = "CAPACITY_PERCENT", ["Value"] = rollout.Percent };
        if (rollout.Strategy == RolloutStrategy.Rolling)
            return new JsonObject { ["RollingUpdatePolicy"] = new JsonObject { ["MaximumBatchSize"] = size, ["WaitIntervalInSeconds"] = rollout.BakeSeconds, ["MaximumExecutionTimeoutInSeconds"] = longest } };
        var traffic = new JsonObject { ["Type"] = rollout.Strategy switch { RolloutStrategy.Canary => "CANARY", RolloutStrategy.Linear => "LINEAR", _ => "ALL_AT_ONCE" } };
        if (rollout.Strategy != RolloutStrategy.AllAtOnce)
            traffic[rollout.Strategy == RolloutStrategy.Canary ? "CanarySize" : "LinearStepSize"] = size;
        traffic["WaitIntervalInSeconds"] = rollout.BakeSeconds;
        return new JsonObject { ["BlueGreenUpdatePolicy"] = new JsonObject { ["TrafficRoutingConfiguration"] = traffic, ["TerminationWaitInSeconds"] = 0, ["MaximumExecutionTimeoutInSeconds"] = longest } };
    }

    private IEnumerable<JsonObject> Variants(PlannedEndpoint endpoint)
    {
        switch (endpoint)
        {
            case ServerlessEndpoint serverless:
                var config = new JsonObject
                {
                    ["MemorySizeInMB"] = values.Number("MemorySizeInMB", "The endpoint's memory.", serverless.MemoryMiB),
                    ["MaxConcurrency"] = values.Number("MaxConcurrency", "How many requests at once.", serverless.MaxConcurrency),
                };
                if (serverless.ProvisionedConcurrency is { } warm)
                    config["ProvisionedConcurrency"] = values.Number("ProvisionedConcurrency", "For how many requests it is kept warm.", warm);
                var variant = Variant(OneVariant, "Model");
                variant["InitialVariantWeight"] = 1;
                variant["ServerlessConfig"] = config;
                yield return variant;
                break;
            case RealtimeEndpoint { Variants: { Count: > 0 } variants } realtime:
                foreach (var (planned, i) in variants.Select((v, i) => (v, i + 1)))
                    yield return OnInstances($"Variant{i}", i == realtime.Deployed + 1 ? "Model" : $"Model{i}", realtime.Instance, planned.Weight);
                break;
            default:
                yield return OnInstances(OneVariant, "Model", stage.Instance!, 1);
                break;
        }
    }

    private JsonObject Variant(string name, string model)
    {
        var variant = new JsonObject { ["VariantName"] = name };
        if (values.ModelName(model) is { } given)
            variant["ModelName"] = given;
        return variant;
    }

    private JsonObject OnInstances(string name, string model, PlannedInstance instance, double weight)
    {
        var variant = Variant(name, model);
        variant["InstanceType"] = values.Text("InstanceType", "The instances that serve.", instance.Type);
        variant["InitialInstanceCount"] = values.Number("InstanceCount", "How many instances serve at first.", instance.Count);
        variant["InitialVariantWeight"] = weight;
        return variant;
    }

    private JsonObject Async(AsyncEndpoint endpoint)
    {
        var own = $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/async/{values.EndpointName}/";
        var output = new JsonObject
        {
            ["S3OutputPath"] = values.Location(endpoint.Output ?? own),
            ["S3FailurePath"] = values.Location(endpoint.Failures ?? (endpoint.Output is { } given ? given.TrimEnd('/') + "/failures/" : own + "failures/")),
        };
        if (values.Key is { } key)
            output["KmsKeyId"] = key;
        var config = new JsonObject { ["OutputConfig"] = output };
        if (endpoint.MaxConcurrency is { } most)
            config["ClientConfig"] = new JsonObject { ["MaxConcurrentInvocationsPerInstance"] = values.Number("MaxConcurrentInvocations", "How many requests an instance answers at once.", most) };
        return config;
    }

    private JsonObject Capture(PlannedCapture capture)
    {
        var config = new JsonObject
        {
            ["EnableCapture"] = true,
            ["InitialSamplingPercentage"] = values.Number("CapturePercent", "How many of a hundred requests are kept.", capture.Percent),
            ["DestinationS3Uri"] = values.Location(capture.To ?? $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/capture/{values.EndpointName}"),
            ["CaptureOptions"] = new JsonArray([.. new[] { ("Input", capture.Input), ("Output", capture.Output) }.Where(o => o.Item2).Select(o => new JsonObject { ["CaptureMode"] = o.Item1 })]),
        };
        // What is not named here is captured as base64.
        var types = plan.Inference.ContentTypes.Concat(plan.Inference.ResponseTypes).Select(t => t.Split(';')[0].Trim()).Where(t => TypeOfCapture().IsMatch(t)).Distinct(StringComparer.Ordinal).ToList();
        var header = new JsonObject();
        if (types.Where(t => t.Contains("csv", StringComparison.Ordinal)).Take(MostTypesOfCapture).ToArray() is { Length: > 0 } csv)
            header["CsvContentTypes"] = new JsonArray([.. csv.Select(t => JsonValue.Create(t))]);
        if (types.Where(t => t.Contains("json", StringComparison.Ordinal)).Take(MostTypesOfCapture).ToArray() is { Length: > 0 } json)
            header["JsonContentTypes"] = new JsonArray([.. json.Select(t => JsonValue.Create(t))]);
        if (header.Count > 0)
            config["CaptureContentTypeHeader"] = header;
        if (values.Key is { } key)
            config["KmsKeyId"] = key;
        return config;
    }

    /// <summary>What CaptureContentTypeHeader takes ("CsvContentType", "JsonContentType").</summary>
    [GeneratedRegex(@"^[a-zA-Z0-9](-*[a-zA-Z0-9])*/[a-zA-Z0-9](-*[a-zA-Z0-9.])*$")]
    private static partial Regex TypeOfCapture();
}
