using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Access;

/// <summary>The way to each account and region of a configuration: AWS's chain of credentials, and roles that are assumed.</summary>
/// <param name="needsRoles">Whether a role that cannot be assumed is an error also where the caller's own account is the role's: an approver, an auditor and a data scientist have permissions of their own there.</param>
internal sealed class AwsAccess(bool needsRoles = true, IEventSink? events = null) : IDisposable
{
    /// <summary>A request takes a while, and clocks differ: credentials are not used up to their last moment.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string? Role, string Region), AwsClients> clients = [];
    private AWSCredentials? own;

    /// <summary>The clients of a place, with its account checked.</summary>
    public async Task<AwsClients> OpenAsync(AwsPlace place, CancellationToken cancellation)
    {
        var region = place.Region is { } name ? RegionEndpoint.GetBySystemName(name) : FallbackRegionFactory.GetRegionEndpoint() ?? throw AwsErrors.NoRegion().ToException();
        if (!clients.TryGetValue((place.DeployRole, region.SystemName), out var found))
            clients[(place.DeployRole, region.SystemName)] = found = new AwsClients(await CredentialsAsync(place, region, cancellation), region);
        var identity = await found.IdentityAsync(cancellation);
        return place.Account is null || place.Account == identity.Account ? found
            : throw AwsErrors.WrongAccount(identity.Arn, identity.Account, place.Account).ToException();
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
            client.Dispose();
    }

    private async Task<AWSCredentials> CredentialsAsync(AwsPlace place, RegionEndpoint region, CancellationToken cancellation)
    {
        own ??= await OwnAsync();
        if (place.DeployRole is not { } role)
            return own;
        var home = await OpenAsync(new AwsPlace { Region = region.SystemName }, cancellation);
        var who = (await home.IdentityAsync(cancellation)).Arn;
        var assumed = new AssumedRole(home.Sts, role, who) { PreemptExpiryTime = Margin };
        try
        {
            await assumed.GetCredentialsAsync();
            return assumed;
        }
        catch (AmazonServiceException e) when (Failures.IsDenied(e))
        {
            // arn:PARTITION:iam::ACCOUNT:role/NAME
            if (!needsRoles && role.Split(':') is [_, _, _, _, var account, ..] && account == (await home.IdentityAsync(cancellation)).Account)
            {
                events?.Add(new Notice($"As {who}: '{role}' cannot be assumed ({PlatformErrors.Sentence(Failures.Said(e.Message))[..^1]}), and what this command asks for may be allowed without"));
                return own;
            }

            throw AwsErrors.RoleRefused(role, who, PlatformErrors.Sentence(Failures.Said(e.Message))).ToException();
        }
    }

    private static async Task<AWSCredentials> OwnAsync()
    {
        try
        {
            var credentials = await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync(new AmazonS3Config());
            await credentials.GetCredentialsAsync();
            return credentials;
        }
        catch (AmazonClientException e)
        {
            throw AwsErrors.NoCredentials(Failures.Said(Failures.Innermost(e).Message)).ToException();
        }
    }
}
