using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Access;

/// <summary>Failures of AWS's libraries as coded errors: whose credentials, which service, its code, and what to do.</summary>
internal static class Failures
{
    private static readonly string[] WrongCredentials =
        ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidToken", "AuthFailure", "IncompleteSignature"];

    private static readonly string[] Throttles =
        ["Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "RequestThrottled", "BandwidthLimitExceeded"];

    /// <param name="who">The identity, as far as it is known.</param>
    public static Problem? Explain(Exception failure, string who)
    {
        switch (failure)
        {
            case AmazonServiceException { StatusCode: not 0 } e:
                return OfService(e, who);
            case AmazonClientException or HttpRequestException or HttpIOException or SocketException or TimeoutException or TaskCanceledException:
            case IOException when Innermost(failure) is SocketException:
                return AwsErrors.Unreachable(failure is AmazonServiceException s ? Service(s) : "AWS", Innermost(failure).Message);
            case IOException or UnauthorizedAccessException:
                return AwsErrors.FileFailed(failure.Message);
            default:
                return null;
        }
    }

    public static bool IsDenied(AmazonServiceException e) =>
        e.ErrorCode is "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation" || e.StatusCode == HttpStatusCode.Forbidden;

    public static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private static Problem OfService(AmazonServiceException e, string who)
    {
        var (service, code) = (Service(e), string.IsNullOrEmpty(e.ErrorCode) ? $"{(int)e.StatusCode}" : e.ErrorCode);
        var message = AwsErrors.Sentence(e.Message);
        if (WrongCredentials.Contains(code))
            return AwsErrors.CredentialsRefused(who, code, message);
        if (IsDenied(e))
            return AwsErrors.AccessDenied(who, service, message);
        if (Throttles.Contains(code) || e.StatusCode == HttpStatusCode.TooManyRequests)
            return AwsErrors.Throttled(service, code);
        return (int)e.StatusCode >= 500 ? AwsErrors.ServiceFailed(service, code, message) : AwsErrors.Refused(service, code, message);
    }

    /// <summary>"SageMaker" of Amazon.SageMaker.Model.ResourceNotFoundException.</summary>
    private static string Service(AmazonServiceException e) => e.GetType().Namespace!.Split('.') is ["Amazon", var name, ..] && name != "Runtime" ? name : "AWS";
}
