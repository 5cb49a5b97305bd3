using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Mlops.Aws.Protocols;

/// <summary>What all generated clients share: AWSSDK.Core's pipeline with our endpoint and signature handlers.</summary>
public abstract class ServiceClient : AmazonServiceClient
{
    private readonly Protocol protocol;

    protected ServiceClient(AWSCredentials credentials, ServiceConfig config, Protocol protocol)
        : base(credentials, config)
    {
        this.protocol = protocol;
        ServiceMetadata = new Metadata(config.ServiceId);
    }

    protected override IServiceMetadata ServiceMetadata { get; }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.RemoveHandler<EndpointResolver>();
        pipeline.AddHandlerAfter<Marshaller>(new RegionalEndpointResolver());
        pipeline.AddHandlerAfter<Marshaller>(new SignatureResolver());
    }

    /// <summary>The exception of an error code; the service's general one where the model has none of its own.</summary>
    protected abstract AmazonServiceException ExceptionOf(string? code, string message, Exception inner, ErrorType type, string? requestId, HttpStatusCode status);

    protected Task<T> CallAsync<T>(Operation operation, AmazonWebServiceRequest request, CancellationToken cancellation)
        where T : AmazonWebServiceResponse, new() =>
        InvokeAsync<T>(request, new InvokeOptions { RequestMarshaller = protocol.Marshaller(operation), ResponseUnmarshaller = protocol.Unmarshaller<T>(ExceptionOf) }, cancellation);

    private sealed class Metadata(string serviceId) : IServiceMetadata
    {
        public string ServiceId => serviceId;

        public IDictionary<string, string> OperationNameMapping { get; } = new Dictionary<string, string>();
    }
}

/// <param name="Name">As the service names it.</param>
/// <param name="Path">Of the request, with {Member} where a member goes; "/" but for REST.</param>
public sealed record Operation(string Name, string Path = "/");

public delegate AmazonServiceException ExceptionFactory(string? code, string message, Exception inner, ErrorType type, string? requestId, HttpStatusCode status);

/// <summary>How a service's requests are written and its answers read.</summary>
public abstract class Protocol
{
    internal abstract IMarshaller<IRequest, AmazonWebServiceRequest> Marshaller(Operation operation);

    internal abstract ResponseUnmarshaller Unmarshaller<T>(ExceptionFactory exceptions)
        where T : AmazonWebServiceResponse, new();
}
