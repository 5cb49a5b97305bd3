using Amazon.IdentityManagement.Model;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Access;

/// <summary>Whether a role of one's own can be what SageMaker's jobs run as. Whoever may use a role need not be allowed to look at it.</summary>
internal static class RoleCheck
{
    /// <summary>From within a network without a way to IAM nobody answers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const string Service = "sagemaker.amazonaws.com";

    /// <exception cref="PlatformException">It is not there, or SageMaker may not assume it.</exception>
    public static async Task CheckAsync(AwsClients clients, string arn, CancellationToken cancellation)
    {
        // arn:PARTITION:iam::ACCOUNT:role/PATH/NAME
        if (arn.Split(':', 6) is not [_, _, _, _, var account, var resource] || account != (await clients.IdentityAsync(cancellation)).Account)
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            var role = (await clients.Iam.GetRoleAsync(new GetRoleRequest { RoleName = ResourceNames.LastPart(resource) }, limit.Token)).Role;
            if (role.AssumeRolePolicyDocument is { Length: > 0 } policy && !Uri.UnescapeDataString(policy).Contains(Service, StringComparison.Ordinal))
                throw AwsErrors.RoleTrustsNot(arn, Service).ToException();
        }
        catch (NoSuchEntityException)
        {
            throw AwsErrors.NoRole(arn).ToException();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && (e is OperationCanceledException || Failures.Explain(e, "") is not null))
        {
            // Not allowed, or no way to IAM from here: then only the first job tells.
        }
    }
}
