using System.Text.Json.Nodes;
using Amazon.SageMaker.Model;

namespace Mlops.Platform.Aws.Stages;

/// <summary>A version as a stage serves it.</summary>
/// <param name="Arn">Of the model package, where it is registered.</param>
/// <param name="Bucket">That its archive lies in, which the stage's role has to be told.</param>
/// <param name="Containers">As AWS::SageMaker::Model has them.</param>
internal sealed record ServedPackage(string Arn, string Bucket, JsonArray Containers)
{
    public static JsonArray ContainersOf(IEnumerable<ModelPackageContainerDefinition> containers) => [.. containers.Select(Of)];

    private static JsonObject Of(ModelPackageContainerDefinition container)
    {
        var shape = new JsonObject { ["Image"] = Pinned(container.Image, container.ImageDigest) };
        if (container.ContainerHostname is { } host)
            shape["ContainerHostname"] = host;
        if (container.ModelDataUrl is { } url)
            shape["ModelDataUrl"] = url;
        else if (container.ModelDataSource?.S3DataSource is { } source)
            shape["ModelDataSource"] = new JsonObject { ["S3DataSource"] = Place(source) };
        if (container.Environment is { Count: > 0 } environment)
            shape["Environment"] = new JsonObject(environment.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, e.Value)));
        return shape;
    }

    /// <summary>The image that was registered: a tag may be another's by now. Of ECR alone, which takes REPOSITORY@DIGEST ("Image" of ContainerDefinition).</summary>
    private static string Pinned(string image, string? digest) =>
        digest?.StartsWith("sha256:", StringComparison.Ordinal) == true && image.Contains(".dkr.ecr", StringComparison.Ordinal) && !image.Contains('@')
            ? $"{(image.LastIndexOf(':') is var tag && tag > image.LastIndexOf('/') ? image[..tag] : image)}@{digest}" : image;

    private static JsonObject Place(S3ModelDataSource source)
    {
        var place = new JsonObject { ["S3Uri"] = source.S3Uri, ["S3DataType"] = source.S3DataType?.Value, ["CompressionType"] = source.CompressionType?.Value };
        if (source.ModelAccessConfig?.AcceptEula is { } accepted)
            place["ModelAccessConfig"] = new JsonObject { ["AcceptEula"] = accepted };
        return place;
    }
}
