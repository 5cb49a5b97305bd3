using System.Globalization;
using Amazon;
using Amazon.CloudFormation;
using Amazon.CloudWatchLogs;
using Amazon.ECR;
using Amazon.IdentityManagement;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SageMaker;
using Amazon.SageMakerRuntime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace Mlops.Platform.Aws.Access;

/// <summary>The clients of one account and region, made when first used.</summary>
internal sealed class AwsClients : IDisposable
{
    /// <summary>With the SDK's back-off (1, 2, 4, ... 20 s at most, half of it on average) up to a minute, where a dead service may take five.</summary>
    private const int Retries = 6;

    /// <summary>The SDK's "standard" defaults; the services' own clients have it, those of AWSSDK.S3 and SecurityToken do not.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3.1);

    /// <summary>At once, to S3.</summary>
    public const int Connections = 24;

    /// <summary>Of a body, read and written at once; the SDK's 8 KiB are as many system calls.</summary>
    private const int BufferBytes = 256 << 10;

    private readonly Lazy<AmazonS3Client> s3;
    private readonly Lazy<AmazonSageMakerClient> sageMaker;
    private readonly Lazy<AmazonSageMakerRuntimeClient> runtime;
    private readonly Lazy<AmazonCloudFormationClient> cloudFormation;
    private readonly Lazy<AmazonCloudWatchLogsClient> logs;
    private readonly Lazy<AmazonECRClient> ecr;
    private readonly Lazy<AmazonIdentityManagementServiceClient> iam;
    private readonly Lazy<AmazonSecurityTokenServiceClient> sts;
    private readonly AWSCredentials credentials;
    private Task<CallerIdentity>? identity;

    public AwsClients(AWSCredentials credentials, RegionEndpoint region)
    {
        Region = region;
        this.credentials = credentials;
        s3 = new(() => new HashedS3Client(credentials, WithPaths(Configure(new AmazonS3Config { MaxConnectionsPerServer = Connections, BufferSize = BufferBytes }))));
        sageMaker = new(() => new AmazonSageMakerClient(credentials, Configure(new AmazonSageMakerConfig())));
        runtime = new(() => new AmazonSageMakerRuntimeClient(credentials, Configure(new AmazonSageMakerRuntimeConfig())));
        cloudFormation = new(() => new AmazonCloudFormationClient(credentials, Configure(new AmazonCloudFormationConfig())));
        logs = new(() => new AmazonCloudWatchLogsClient(credentials, Configure(new AmazonCloudWatchLogsConfig())));
        ecr = new(() => new AmazonECRClient(credentials, Configure(new AmazonECRConfig())));
        iam = new(() => new AmazonIdentityManagementServiceClient(credentials, Global(Configure(new AmazonIdentityManagementServiceConfig()))));
        sts = new(() => new AmazonSecurityTokenServiceClient(credentials, Configure(new AmazonSecurityTokenServiceConfig())));
    }

    public RegionEndpoint Region { get; }

    public IAmazonS3 S3 => s3.Value;

    public IAmazonSageMaker SageMaker => sageMaker.Value;

    public IAmazonSageMakerRuntime Runtime => runtime.Value;

    public IAmazonCloudFormation CloudFormation => cloudFormation.Value;

    public IAmazonCloudWatchLogs Logs => logs.Value;

    public IAmazonECR Ecr => ecr.Value;

    public IAmazonIdentityManagementService Iam => iam.Value;

    public IAmazonSecurityTokenService Sts => sts.Value;

    /// <summary>Who the credentials are, asked once.</summary>
    public Task<CallerIdentity> IdentityAsync(CancellationToken cancellation)
    {
        // A failure is asked again.
        return identity is { IsFaulted: false, IsCanceled: false } ? identity : identity = AskAsync();

        async Task<CallerIdentity> AskAsync()
        {
            var answer = await sts.Value.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellation);
            return new CallerIdentity(answer.Account, answer.Arn);
        }
    }

    /// <summary>Keys of a role that was assumed, for a program that has to reach this place; null: the caller's own credentials do, which the program finds as we did.</summary>
    public async Task<ImmutableCredentials?> AssumedKeysAsync() => credentials is AssumedRole ? await credentials.GetCredentialsAsync() : null;

    /// <summary>The ARN of something of this account and region.</summary>
    public string Arn(string service, string account, string resource) =>
        string.Create(CultureInfo.InvariantCulture, $"arn:{Region.PartitionName}:{service}:{Region.SystemName}:{account}:{resource}");

    /// <summary>The URL of an object, as CloudFormation reads templates.</summary>
    public string ObjectUrl(string bucket, string key) => S3.Config.ServiceURL is { Length: > 0 } url && cloudFormation.Value.Config.ServiceURL is { Length: > 0 } // A private way to S3 alone is none that CloudFormation has.
        ? $"{url.TrimEnd('/')}/{bucket}/{key}"
        : $"https://{bucket}.s3.{Region.SystemName}.{Region.PartitionDnsSuffix}/{key}";

    /// <summary>A URL of SageMaker Runtime.</summary>
    public string RuntimeUrl(string path) => (runtime.Value.Config.ServiceURL is { Length: > 0 } url ? url.TrimEnd('/') : $"https://runtime.sagemaker.{Region.SystemName}.{Region.PartitionDnsSuffix}") + path;

    public void Dispose()
    {
        foreach (var client in new IEnumerable<IDisposable>[] { Made(s3), Made(sageMaker), Made(runtime), Made(cloudFormation), Made(logs), Made(ecr), Made(iam), Made(sts) }.SelectMany(c => c))
            client.Dispose();

        static IEnumerable<IDisposable> Made<T>(Lazy<T> client)
            where T : IDisposable => client.IsValueCreated ? [client.Value] : [];
    }

    private T Configure<T>(T config)
        where T : ClientConfig
    {
        config.RegionEndpoint = Region;
        // Where an endpoint of the user's own is set, the region of the signature is not known from it.
        config.AuthenticationRegion = Region.SystemName;
        config.MaxErrorRetry = Retries;
        config.RetryMode = RequestRetryMode.Standard;
        config.ThrottleRetries = false;
        config.ConnectTimeout = ConnectTimeout;
        return config;
    }

    /// <summary>IAM has one endpoint for each partition ("AWS Identity and Access Management endpoints and quotas"), unless the user has one of their own.</summary>
    private AmazonIdentityManagementServiceConfig Global(AmazonIdentityManagementServiceConfig config)
    {
        var (host, region) = Region.PartitionName switch
        {
            "aws" => ("iam.amazonaws.com", "us-east-1"),
            "aws-cn" => ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            "aws-us-gov" => ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
            _ => ($"iam.{Region.SystemName}.{Region.PartitionDnsSuffix}", Region.SystemName),
        };
        config.AuthenticationRegion = region;
        if (config.ServiceURL is not { Length: > 0 })
            config.ServiceURL = $"https://{host}";
        return config;
    }

    /// <summary>An endpoint of the user's own, such as a stand-in's, knows no host name for each bucket.</summary>
    private static AmazonS3Config WithPaths(AmazonS3Config config)
    {
        config.ForcePathStyle = config.ServiceURL is { Length: > 0 };
        return config;
    }
}

/// <param name="Arn">Of the user or the assumed role.</param>
internal sealed record CallerIdentity(string Account, string Arn);
