using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Mlops.Aws.Protocols;

/// <summary>
/// AWS's REST-JSON protocol, as far as SageMaker Runtime needs it: members in the path and in headers, one that is the body.
/// Source: smithy.io, "AWS restJson1 protocol".
/// </summary>
/// <param name="service">The service's name in AWSSDK.Core.</param>
public sealed partial class RestJsonProtocol(string service) : Protocol
{
    internal override IMarshaller<IRequest, AmazonWebServiceRequest> Marshaller(Operation operation) => new Writer(service, operation.Path);

    internal override ResponseUnmarshaller Unmarshaller<T>(ExceptionFactory exceptions) => new Reader<T>(exceptions);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathMember { get; }

    private sealed class Writer(string service, string path) : IMarshaller<IRequest, AmazonWebServiceRequest>
    {
        public IRequest Marshall(AmazonWebServiceRequest input)
        {
            var request = new DefaultRequest(input, service) { HttpMethod = "POST", ResourcePath = path };
            foreach (var name in PathMember.Matches(path).Select(m => m.Groups[1].Value))
                request.AddPathResource($"{{{name}}}", input.GetType().GetProperty(name)!.GetValue(input)?.ToString() ?? throw new AmazonClientException($"'{name}' is not set."));
            foreach (var member in Members.Of(input.GetType()))
            {
                if (member.Property.GetValue(input) is not { } value)
                    continue;
                if (member.Property.GetCustomAttribute<HeaderAttribute>() is { } header)
                    request.Headers[header.Name] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}");
                else if (member.Property.GetCustomAttribute<PayloadAttribute>() is not null)
                    request.Content = ((MemoryStream)value).ToArray();
            }

            if (!request.Headers.ContainsKey("Content-Type"))
                request.Headers["Content-Type"] = "application/octet-stream";
            return request;
        }
    }

    private sealed class Reader<T>(ExceptionFactory exceptions) : JsonResponseUnmarshaller
        where T : AmazonWebServiceResponse, new()
    {
        public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input)
        {
            var answer = new T();
            var hasPayload = false;
            foreach (var member in Members.Of(typeof(T)))
            {
                if (member.Property.GetCustomAttribute<HeaderAttribute>() is { } header)
                {
                    if (input.ResponseData.IsHeaderPresent(header.Name))
                        member.Property.SetValue(answer, input.ResponseData.GetHeaderValue(header.Name));
                }
                else if (member.Property.GetCustomAttribute<PayloadAttribute>() is not null)
                {
                    var body = new MemoryStream();
                    input.Stream.CopyTo(body);
                    body.Position = 0;
                    member.Property.SetValue(answer, body);
                    hasPayload = true;
                }
            }

            if (!hasPayload && ReadBody(input) is { } members)
                Copy(members, answer);
            answer.ResponseMetadata = new ResponseMetadata { RequestId = input.ResponseData.GetHeaderValue("x-amzn-RequestId") };
            return answer;
        }

        public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode) =>
            JsonProtocol.Error(input, innerException, statusCode, exceptions);

        private static T? ReadBody(JsonUnmarshallerContext input)
        {
            using var body = new MemoryStream();
            input.Stream.CopyTo(body);
            return body.Length == 0 ? null : System.Text.Json.JsonSerializer.Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), WireJson.Options);
        }

        private static void Copy(T from, T to)
        {
            foreach (var property in Members.Of(typeof(T)).Select(m => m.Property))
            {
                if (property.GetValue(from) is { } value)
                    property.SetValue(to, value);
            }
        }
    }
}
