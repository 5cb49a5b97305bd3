using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Access;

/// <summary>The way to each account and region of a configuration: AWS's chain of credentials, and roles that are assumed. Credentials are looked for at once, beside what else is to be done.</summary>
/// <param name="needsRoles">Whether a role that cannot be assumed is an error also where the caller's own account is the role's: an approver, an auditor and a data scientist have permissions of their own there.</param>
public sealed class AwsAccess(bool needsRoles = true, IEventSink? events = null) : IDisposable
{
    /// <summary>A request takes a while, and clocks differ: credentials are not used up to their last moment.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string? Role, string Region), AwsClients> clients = [];
    private readonly Task<AWSCredentials> own = Task.Run(OwnAsync);

    /// <summary>The clients of a place, with its account checked.</summary>
    internal async Task<AwsClients> OpenAsync(AwsPlace place, CancellationToken cancellation)
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
        if (place.DeployRole is not { } role)
            return await own;
        var home = await OpenAsync(new AwsPlace { Region = region.SystemName }, cancellation);
        var who = (await home.IdentityAsync(cancellation)).Arn;
        // Roles do not trust themselves: whoever is it already needs nothing more.
        if (IsSessionOf(who, role))
            return await own;
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
                return await own;
            }

            throw AwsErrors.RoleRefused(role, who, PlatformErrors.Sentence(Failures.Said(e.Message))).ToException();
        }
    }

    /// <summary>Whether arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION is a session of arn:PARTITION:iam::ACCOUNT:role/PATH/NAME.</summary>
    private static bool IsSessionOf(string identity, string role) =>
        identity.Split(':') is [_, _, "sts", _, var account, var session] && session.Split('/') is ["assumed-role", var name, _]
        && role.Split(':') is [_, _, "iam", _, var owner, var path] && owner == account && path.StartsWith("role/", StringComparison.Ordinal) && path.EndsWith('/' + name, StringComparison.Ordinal);

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
