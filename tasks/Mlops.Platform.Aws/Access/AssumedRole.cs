using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace Mlops.Platform.Aws.Access;

/// <summary>Credentials of a role, asked of the STS of its region and partition, and again before they expire.</summary>
internal sealed class AssumedRole(IAmazonSecurityTokenService sts, string role) : RefreshingAWSCredentials
{
    private const string SessionName = "mlops";

    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        var answer = await sts.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = role, RoleSessionName = SessionName });
        return new CredentialsRefreshState(answer.Credentials.GetCredentials(), answer.Credentials.Expiration!.Value);
    }

    protected override CredentialsRefreshState GenerateNewCredentials() => GenerateNewCredentialsAsync().GetAwaiter().GetResult();
}
