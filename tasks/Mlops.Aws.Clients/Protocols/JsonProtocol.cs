using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Mlops.Aws.Protocols;

/// <summary>AWS's JSON protocol 1.1: one path, the operation in X-Amz-Target. Source: smithy.io, "AWS JSON 1.1 protocol".</summary>
/// <param name="service">The service's name in AWSSDK.Core.</param>
/// <param name="target">The model's targetPrefix.</param>
/// <param name="version">The API's version.</param>
public sealed class JsonProtocol(string service, string target, string version) : Protocol
{
    internal override IMarshaller<IRequest, AmazonWebServiceRequest> Marshaller(Operation operation) => new Writer(service, $"{target}.{operation.Name}", version);

    internal override ResponseUnmarshaller Unmarshaller<T>(ExceptionFactory exceptions) => new Reader<T>(exceptions);

    /// <summary>
    /// The exception of an answer in JSON, with the members that its type has. The code is in a header or in "__type", with a namespace
    /// or a URI around it in some services; an answer that is no JSON (a proxy's page) has none.
    /// </summary>
    internal static AmazonServiceException Error(JsonUnmarshallerContext context, Exception inner, HttpStatusCode status, ExceptionFactory exceptions)
    {
        using var body = new MemoryStream();
        context.Stream.CopyTo(body);
        var json = Parse(body.ToArray());
        var code = context.ResponseData.GetHeaderValue("x-amzn-ErrorType") is { Length: > 0 } header ? header : Text(json, "__type") ?? Text(json, "code");
        var type = (int)status < 500 ? ErrorType.Sender : ErrorType.Receiver;
        var exception = exceptions(code?.Split('#')[^1].Split(':')[0], Text(json, "message") ?? Text(json, "Message") ?? "", inner, type, context.ResponseData.GetHeaderValue("x-amzn-RequestId"), status);
        foreach (var member in Members.Of(exception.GetType()).Where(m => m.Property.CanWrite))
        {
            if (json?[member.Name] is { } value)
                member.Property.SetValue(exception, value.Deserialize(member.Property.PropertyType, WireJson.Options));
        }

        return exception;
    }

    private static JsonObject? Parse(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonObject? json, string name) => json?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private sealed class Writer(string service, string target, string version) : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, service) { HttpMethod = "POST", ResourcePath = "/" };
            request.Headers["X-Amz-Target"] = target;
            request.Headers["Content-Type"] = "application/x-amz-json-1.1";
            request.Headers["X-Amz-Api-Version"] = version;
            request.Content = JsonSerializer.SerializeToUtf8Bytes(input, input.GetType(), WireJson.Options);
            return request;
        }
    }

    private sealed class Reader<T>(ExceptionFactory exceptions) : JsonResponseUnmarshaller
        where T : AmazonWebServiceResponse, new()
    {
        public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input)
        {
            using var body = new MemoryStream();
            input.Stream.CopyTo(body);
            var answer = body.Length == 0 ? new T() : JsonSerializer.Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), WireJson.Options)!;
            answer.ResponseMetadata = new ResponseMetadata { RequestId = input.ResponseData.GetHeaderValue("x-amzn-RequestId") };
            return answer;
        }

        public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode) =>
            Error(input, innerException, statusCode, exceptions);
    }
}
