using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace Mlops.Platform.Aws.Access;

/// <summary>Credentials of a role, asked of the STS of its region and partition, and again before they expire.</summary>
/// <param name="who">The ARN of the identity that assumes it: CloudTrail, approvals and the audit log show the session's name, and so who it was.</param>
internal sealed partial class AssumedRole(IAmazonSecurityTokenService sts, string role, string who) : RefreshingAWSCredentials
{
    /// <summary>"AssumeRole", RoleSessionName: 2 to 64 of these characters.</summary>
    private const int LongestName = 64;

    private string SessionName => Unnameable().Replace(who[(who.LastIndexOfAny(['/', ':']) + 1)..], "-") is { Length: > 1 } name ? name[..Math.Min(name.Length, LongestName)] : "mlops";

    [GeneratedRegex(@"[^\w+=,.@-]", RegexOptions.ECMAScript)]
    private static partial Regex Unnameable();

    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        var answer = await sts.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = role, RoleSessionName = SessionName });
        return new CredentialsRefreshState(answer.Credentials.GetCredentials(), answer.Credentials.Expiration!.Value);
    }

    protected override CredentialsRefreshState GenerateNewCredentials() => GenerateNewCredentialsAsync().GetAwaiter().GetResult();
}
