using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Xml;
using Amazon;
using Amazon.Runtime;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Access;

/// <summary>Failures of AWS's libraries as coded errors: whose credentials, which service, its code, and what to do.</summary>
internal static partial class Failures
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
            // A token that has run out in mid-run: whoever renews it says so by no service's code.
            case AmazonClientException e when !Chain(e).Any(i => i is HttpRequestException or SocketException or IOException or TimeoutException or TaskCanceledException) && OfCredentials().IsMatch(e.Message):
                return AwsErrors.CredentialsRefused(who, e.GetType().Name, PlatformErrors.Sentence(e.Message));
            case AmazonClientException or HttpRequestException or HttpIOException or SocketException or TimeoutException or TaskCanceledException or XmlException:
            case IOException when Innermost(failure) is SocketException:
                return AwsErrors.Unreachable(failure is AmazonServiceException s ? Service(s) : "AWS", Reason(failure));
            case IOException or UnauthorizedAccessException:
                return AwsErrors.FileFailed(failure.Message);
            default:
                return null;
        }
    }

    public static bool IsDenied(AmazonServiceException e) =>
        e.ErrorCode is "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation" || e.StatusCode == HttpStatusCode.Forbidden;

    public static bool IsThrottle(AmazonServiceException e) => Throttles.Contains(e.ErrorCode) || e.StatusCode == HttpStatusCode.TooManyRequests;

    public static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    /// <summary>A host that nobody knows is named, and with it a region that does not seem to be one.</summary>
    private static string Reason(Exception failure)
    {
        var innermost = Innermost(failure);
        if (innermost is not SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } || Chain(failure).OfType<HttpRequestException>().LastOrDefault() is not { } request)
            return innermost.Message;
        // "Name or service not known (sts.eu-wset-1.amazonaws.com:443)".
        return HostsRegion().Match(request.Message) is { Success: true, Groups: var host } && RegionEndpoint.GetBySystemName(host["region"].Value).DisplayName.Contains(Unknown, StringComparison.Ordinal)
            ? $"{request.Message}. '{host["region"].Value}' is no region that this version knows: AWS_REGION, the profile's region or 'aws.region' may be misspelt."
            : request.Message;
    }

    /// <summary>In what the AWS SDK calls a region that its table has not.</summary>
    private const string Unknown = "Unknown";

    private static IEnumerable<Exception> Chain(Exception e) => e.InnerException is { } inner ? Chain(inner).Prepend(e) : [e];

    private static Problem OfService(AmazonServiceException e, string who)
    {
        var (service, code) = (Service(e), string.IsNullOrEmpty(e.ErrorCode) ? $"{(int)e.StatusCode}" : e.ErrorCode);
        var message = PlatformErrors.Sentence(Said(e.Message));
        if (WrongCredentials.Contains(code))
            return AwsErrors.CredentialsRefused(who, code, message);
        if (IsDenied(e))
            return AwsErrors.AccessDenied(who, service, message);
        if (IsThrottle(e))
            return AwsErrors.Throttled(service, code);
        return (int)e.StatusCode >= 500 ? AwsErrors.ServiceFailed(service, code, message) : AwsErrors.Refused(service, code, message);
    }

    /// <summary>Without the request that a refused signature is explained with: it holds the session's token.</summary>
    public static string Said(string message)
    {
        var end = message.AsSpan().IndexOfAny('\r', '\n') is var line and >= 0 ? line : message.Length;
        var canonical = message.IndexOf("the canonical string", StringComparison.OrdinalIgnoreCase);
        return message[..Math.Min(end, canonical > 0 ? canonical : message.Length)].Trim();
    }

    /// <summary>"SageMaker" of Amazon.SageMaker.Model.ResourceNotFoundException.</summary>
    private static string Service(AmazonServiceException e) => e.GetType().Namespace!.Split('.') is ["Amazon", var name, ..] && name != "Runtime" ? name : "AWS";

    [GeneratedRegex(@"credential|\bSSO\b|\bprofile\b|\bassume|(security|session|access|refresh) token|token (has )?expired", RegexOptions.IgnoreCase)]
    private static partial Regex OfCredentials();

    [GeneratedRegex(@"\((?:[\w-]+\.)*(?<region>[a-z]{2,}(?:-[a-z]+)+-\d+)\.[\w.-]+:\d+\)")]
    private static partial Regex HostsRegion();
}
