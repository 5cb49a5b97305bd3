using System.Text.Json.Nodes;
using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Registry;

/// <summary>CreateModelPackage, of what a pipeline's RegisterModel step would ask for.</summary>
internal static class RegistrationRequest
{
    public static CreateModelPackageRequest Of(JsonObject request) => new()
    {
        ModelPackageDescription = Text(request["ModelPackageDescription"]),
        InferenceSpecification = Specification(request["InferenceSpecification"]),
        ModelApprovalStatus = ModelApprovalStatus.PendingManualApproval,
        ModelMetrics = Text(request["ModelMetrics"]?["ModelQuality"]?["Statistics"]?["S3Uri"]) is { } report
            ? new ModelMetrics { ModelQuality = new ModelQuality { Statistics = new MetricsSource { ContentType = "application/json", S3Uri = report } } } : null,
        CustomerMetadataProperties = request["CustomerMetadataProperties"] is JsonObject properties ? Json.TextMembers(properties) : null,
        Domain = Text(request["Domain"]),
        Task = Text(request["Task"]),
        SamplePayloadUrl = Text(request["SamplePayloadUrl"]),
        ModelCard = Text(request["ModelCard"]?["ModelCardContent"]) is { } card
            ? new ModelPackageModelCard { ModelCardContent = card, ModelCardStatus = new ModelCardStatus(Text(request["ModelCard"]!["ModelCardStatus"])) } : null,
    };

    private static InferenceSpecification Specification(JsonNode? given) => new()
    {
        Containers = [.. Json.Objects(given?["Containers"]).Select(c => new ModelPackageContainerDefinition
        {
            Image = Text(c["Image"]),
            ModelDataUrl = Text(c["ModelDataUrl"]),
            Environment = c["Environment"] is JsonObject environment ? Json.TextMembers(environment) : null,
        })],
        SupportedContentTypes = [.. Json.Texts(given?["SupportedContentTypes"])],
        SupportedResponseMIMETypes = [.. Json.Texts(given?["SupportedResponseMIMETypes"])],
        SupportedRealtimeInferenceInstanceTypes = [.. Json.Texts(given?["SupportedRealtimeInferenceInstanceTypes"])],
        SupportedTransformInstanceTypes = [.. Json.Texts(given?["SupportedTransformInstanceTypes"])],
    };

    private static string? Text(JsonNode? node) => node is null ? null : Json.Text(node);
}
