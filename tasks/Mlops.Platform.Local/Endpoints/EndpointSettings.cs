using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>What a registered endpoint is to be, read from CreateEndpointConfig's shapes.</summary>
internal sealed record EndpointSettings
{
    public required IReadOnlyList<VariantSettings> Variants { get; init; }

    public VariantSettings? Shadow { get; init; }

    public CaptureSettings? Capture { get; init; }

    public AsyncSettings? Async { get; init; }

    /// <summary>Requests at once; null: as many as come.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Nothing runs while nobody asks.</summary>
    public bool OnDemand { get; init; }

    public required Rollout Rollout { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required ProgramSettings Programs { get; init; }

    /// <summary>The document that an endpoint is registered with, of which this is read again.</summary>
    /// <param name="versions">Of the variants that serve another version than the deployed one.</param>
    public static JsonObject Document(Stage stage, IReadOnlyDictionary<string, int> versions, ProgramSettings programs)
    {
        var document = new JsonObject
        {
            ["EndpointConfig"] = stage.EndpointConfig?.DeepClone(),
            ["DeploymentConfig"] = stage.DeploymentConfig?.DeepClone(),
            ["Alarms"] = stage.Alarms is { } alarms ? new JsonObject { ["P99Milliseconds"] = alarms.P99Milliseconds, ["ErrorRate"] = alarms.ErrorRate } : null,
            ["ScalesToZero"] = stage.ScalesToZero,
            ["Versions"] = new JsonObject(versions.Select(v => KeyValuePair.Create<string, JsonNode?>(v.Key, v.Value))),
            ["Environment"] = Json.OfTexts(stage.Environment),
        };
        programs.AddTo(document);
        return document;
    }

    public static EndpointSettings Of(EndpointRow row, LocalObjectStore objects)
    {
        var config = row.Config["EndpointConfig"] as JsonObject ?? [];
        var versions = row.Config["Versions"] as JsonObject ?? [];
        var variants = Json.Objects(config["ProductionVariants"]).Select(v => Variant(v, row, versions)).ToList();
        var serverless = config["ProductionVariants"]?[0]?["ServerlessConfig"];
        var queued = config["AsyncInferenceConfig"];
        return new EndpointSettings
        {
            Variants = variants.Count > 0 ? variants : [new VariantSettings("AllTraffic", row.Version, 1, 1)],
            Shadow = Json.Objects(config["ShadowProductionVariants"]).Select(v => Variant(v, row, versions)).FirstOrDefault(),
            Capture = config["DataCaptureConfig"] is JsonObject capture ? CaptureOf(capture, objects) : null,
            Async = queued is null ? null : new AsyncSettings(
                Location(queued["OutputConfig"]?["S3OutputPath"], objects), Location(queued["OutputConfig"]?["S3FailurePath"], objects), Integer(queued["ClientConfig"]?["MaxConcurrentInvocationsPerInstance"]) ?? 1),
            MaxConcurrency = Integer(serverless?["MaxConcurrency"]),
            OnDemand = (serverless is not null && serverless["ProvisionedConcurrency"] is null) || row.Config["ScalesToZero"]?.GetValue<bool>() == true,
            Rollout = Rollout.Of(row.Config["DeploymentConfig"], Json.Number(row.Config["Alarms"]?["P99Milliseconds"]), Json.Number(row.Config["Alarms"]?["ErrorRate"])),
            Environment = Json.TextMembers(row.Config["Environment"]),
            Programs = ProgramSettings.Of(row.Config),
        };
    }

    private static VariantSettings Variant(JsonObject variant, EndpointRow row, JsonObject versions)
    {
        var name = Json.Text(variant["VariantName"]);
        // A laptop has no more instances than processors.
        var instances = Math.Clamp(Integer(variant["InitialInstanceCount"]) ?? 1, 1, System.Environment.ProcessorCount);
        return new VariantSettings(name, Integer(versions[name]) ?? row.Version, Json.Number(variant["InitialVariantWeight"]) ?? 1, instances);
    }

    private static CaptureSettings CaptureOf(JsonObject capture, LocalObjectStore objects)
    {
        var modes = Json.Objects(capture["CaptureOptions"]).Select(o => Json.Text(o["CaptureMode"])).ToList();
        return new CaptureSettings(
            objects.PathOf(Location(capture["DestinationS3Uri"], objects)), Integer(capture["InitialSamplingPercentage"]) ?? 100, modes.Contains("Input"), modes.Contains("Output"),
            [.. Json.Texts(capture["CaptureContentTypeHeader"]?["CsvContentTypes"])], [.. Json.Texts(capture["CaptureContentTypeHeader"]?["JsonContentTypes"])]);
    }

    private static string Location(JsonNode? uri, LocalObjectStore objects) =>
        Json.Text(uri).Replace("${BucketName}", objects.Bucket, StringComparison.Ordinal);

    private static int? Integer(JsonNode? node) => Json.Number(node) is { } number ? (int)number : null;
}

/// <param name="Weight">Its share of the requests, beside the other variants' weights; of a shadow: of how many it gets copies, 0 to 1.</param>
/// <param name="Instances">Model processes.</param>
internal sealed record VariantSettings(string Name, int Version, double Weight, int Instances);

/// <param name="Output">The S3 URI below which the answers come to lie.</param>
/// <param name="MaxConcurrency">Requests at once, of one instance.</param>
internal sealed record AsyncSettings(string Output, string Failures, int MaxConcurrency);
