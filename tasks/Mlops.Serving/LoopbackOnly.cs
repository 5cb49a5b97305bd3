using System.Net;
using Microsoft.AspNetCore.Http;

namespace Mlops.Serving;

/// <summary>
/// Refuses requests that a page in a browser could make on this machine: a Host or Origin that is not loopback (DNS rebinding,
/// cross-site requests) never belongs to a program that means this server.
/// </summary>
internal static class LoopbackOnly
{
    public static bool Allows(HttpRequest request)
    {
        if (!IsLoopback(request.Host.Host))
            return false;
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsLoopback(uri.Host));
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
