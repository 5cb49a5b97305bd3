using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace Mlops.Aws.Protocols;

/// <summary>https://PREFIX.REGION.SUFFIX, in every partition; a URL that the user gives (AWS_ENDPOINT_URL and its like) goes before.</summary>
internal sealed class RegionalEndpointProvider(string prefix) : IEndpointProvider
{
    public const string Url = "Endpoint";
    public const string Region = "Region";
    public const string Fips = "UseFIPS";

    public Endpoint ResolveEndpoint(EndpointParameters parameters)
    {
        if (parameters[Url] is string { Length: > 0 } url)
            return new Endpoint(url);
        var region = parameters[Region] as string ?? throw new AmazonClientException("No region is set.");
        var place = RegionEndpoint.GetBySystemName(region);
        return new Endpoint($"https://{(parameters[Fips] is true ? WithFips(place.PartitionName) : prefix)}.{region}.{place.PartitionDnsSuffix}");
    }

    /// <summary>As the rule sets of botocore's endpoint-rule-set-1.json have it, each service in its own way.</summary>
    private string WithFips(string partition) => (prefix, partition) switch
    {
        ("api.sagemaker", _) => "api-fips.sagemaker",
        ("runtime.sagemaker" or "cloudformation" or "logs", "aws-us-gov") => prefix, // These are it.
        ("runtime.sagemaker", _) => "runtime-fips.sagemaker",
        _ => prefix + "-fips",
    };
}

/// <summary>Hands a request's region and URL to the provider; overriding the configuration's method alone ends in a null reference.</summary>
internal sealed class RegionalEndpointResolver : BaseEndpointResolver
{
    protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext)
    {
        var config = requestContext.ClientConfig;
        return new EndpointParameters
        {
            [RegionalEndpointProvider.Url] = config.ServiceURL,
            [RegionalEndpointProvider.Region] = (requestContext.Request.AlternateEndpoint ?? config.RegionEndpoint)?.SystemName ?? config.AuthenticationRegion,
            [RegionalEndpointProvider.Fips] = config.UseFIPSEndpoint,
        };
    }
}

/// <summary>Signature Version 4, the only scheme of these services.</summary>
internal sealed class SignatureResolver : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
}
