using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Mlops.Aws.Clients.Tests;

/// <summary>A service's published API model: botocore's service-2.json (Apache-2.0).</summary>
internal sealed class ApiModel
{
    private readonly JsonObject root;

    private ApiModel(JsonObject root) => this.root = root;

    public string ServiceId => Metadata("serviceId")!;

    public string Protocol => Metadata("protocol")!;

    public string Version => Metadata("apiVersion")!;

    public string EndpointPrefix => Metadata("endpointPrefix")!;

    public string SigningName => Metadata("signingName") ?? EndpointPrefix;

    public string? TargetPrefix => Metadata("targetPrefix");

    /// <summary>The newest model of a service below botocore's data folder.</summary>
    public static ApiModel Load(string botocore, string service)
    {
        var file = Directory.EnumerateFiles(Path.Combine(botocore, "data", service), "service-2.json*", SearchOption.AllDirectories).Max(StringComparer.Ordinal)!;
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file);
        return new ApiModel(JsonNode.Parse(stream)!.AsObject());
    }

    public JsonObject Shape(string name) => root["shapes"]![name]!.AsObject();

    public JsonObject Operation(string name) => root["operations"]![name]?.AsObject() ?? throw new ArgumentException($"{ServiceId} has no operation '{name}'.", nameof(name));

    private string? Metadata(string name) => (string?)root["metadata"]![name];
}
