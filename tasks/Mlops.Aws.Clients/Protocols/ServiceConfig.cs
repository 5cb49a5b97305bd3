using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Util.Internal;

namespace Mlops.Aws.Protocols;

/// <summary>What a generated service's configuration adds to AWSSDK.Core's.</summary>
public abstract class ServiceConfig : ClientConfig
{
    private readonly string endpointPrefix;
    private readonly string userAgent;

    /// <param name="serviceId">As AWS_ENDPOINT_URL_SERVICE_ID names it.</param>
    /// <param name="signingName">The service's name in a signature.</param>
    /// <param name="endpointPrefix">The first part of its host name.</param>
    /// <param name="version">The API's version, a date.</param>
    protected ServiceConfig(string serviceId, string signingName, string endpointPrefix, string version)
        : base(new DefaultConfigurationProvider([new DefaultConfiguration { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard, ConnectTimeout = TimeSpan.FromSeconds(3.1) }]))
    {
        this.endpointPrefix = endpointPrefix;
        ServiceId = serviceId;
        ServiceVersion = version;
        AuthenticationServiceName = signingName;
        userAgent = InternalSDKUtils.BuildUserAgentString(serviceId.Replace(" ", "", StringComparison.Ordinal), version);
        EndpointProvider = new RegionalEndpointProvider(endpointPrefix);
    }

    public override string RegionEndpointServiceName => endpointPrefix;

    public override string ServiceVersion { get; }

    public override string UserAgent => userAgent;

    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => EndpointProvider.ResolveEndpoint(new EndpointParameters
    {
        [RegionalEndpointProvider.Url] = ServiceURL,
        [RegionalEndpointProvider.Region] = (parameters.AlternateEndpoint ?? RegionEndpoint)?.SystemName ?? AuthenticationRegion,
        [RegionalEndpointProvider.Fips] = UseFIPSEndpoint,
    });
}
