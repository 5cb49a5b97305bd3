using System.Net;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving;

/// <summary>
/// Refuses requests that a page in a browser could make on this machine: a Host or Origin that is not loopback (DNS rebinding,
/// cross-site requests) never belongs to a program that means this server.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>This machine as containers in a virtual machine of it name it. Nothing outside resolves the name to anything else.</summary>
    private const string FromContainers = "host.docker.internal";

    /// <param name="fromContainers">Whether programs in containers may ask; that server must know them by something else.</param>
    public static bool Allows(HttpRequest request, bool fromContainers = false)
    {
        if (!IsLoopback(request.Host.Host) && !(fromContainers && request.Host.Host == FromContainers))
            return false;
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsLoopback(uri.Host));
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
