using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving.Runtime;

/// <summary>InvokeEndpointAsync (botocore sagemaker-runtime 2017-05-13): all that it takes comes in headers.</summary>
internal static class QueuedInvocations
{
    private const string Prefix = "X-Amzn-SageMaker-";

    public static async Task AcceptAsync(HttpContext http, string endpoint, IEndpoints endpoints)
    {
        if (RuntimeApi.Unsendable(http.Request, [Prefix + "Content-Type", Prefix + "Accept", Prefix + "Custom-Attributes", Prefix + "Inference-Id"]) is { } unsendable)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"The header {unsendable} holds other characters than visible ones of ASCII.");
            return;
        }

        var location = Header("InputLocation");
        if (location?.StartsWith("s3://", StringComparison.Ordinal) != true)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"{Prefix}InputLocation names the payload's place, s3://BUCKET/KEY.");
            return;
        }

        var invocation = new QueuedInvocation(Header("Inference-Id") ?? Guid.NewGuid().ToString(), location)
        {
            ContentType = Header("Content-Type"),
            Accept = Header("Accept"),
            CustomAttributes = Header("Custom-Attributes"),
            RequestTtlSeconds = Seconds("RequestTTLSeconds"),
            InvocationTimeoutSeconds = Seconds("InvocationTimeoutSeconds"),
        };
        // The ranges of the API's model.
        if (invocation.RequestTtlSeconds is < 60 or > 21_600 || invocation.InvocationTimeoutSeconds is < 1 or > 3_600)
        {
            await RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"{Prefix}RequestTTLSeconds is 60 to 21600, {Prefix}InvocationTimeoutSeconds 1 to 3600.");
            return;
        }

        var (accepted, refusal) = endpoints.Enqueue(endpoint, invocation);
        if (accepted is null)
        {
            await (refusal == Refusal.Synchronous
                ? RuntimeError.ValidationAsync(http, StatusCodes.Status400BadRequest, $"Endpoint {endpoint} is not asynchronous: POST to /endpoints/{endpoint}/invocations.")
                : RuntimeError.UnavailableAsync(http, $"The model of {endpoint} is not up yet."));
            return;
        }

        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.Headers[Prefix + "OutputLocation"] = accepted.OutputLocation;
        if (accepted.FailureLocation is { } failure)
            http.Response.Headers[Prefix + "FailureLocation"] = failure;
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("InferenceId", invocation.InferenceId);
        json.WriteEndObject();

        string? Header(string name) => http.Request.Headers.TryGetValue(Prefix + name, out var value) ? value.ToString() : null;
        int? Seconds(string name) => int.TryParse(Header(name), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : Header(name) is null ? null : -1;
    }
}
