using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Mlops.Platform.Local.Stages;

/// <summary>Ports of 127.0.0.1.</summary>
public static class Ports
{
    private const int First = 8080;
    private const int Most = 1000;

    /// <summary>Whether a server could listen there: binding tells, also of a program that holds a port and does not listen yet.</summary>
    public static bool IsFree(int port)
    {
        // Elsewhere than on Linux a port of this address alone may be bound beside a server of all addresses, and would take its requests.
        if (!OperatingSystem.IsLinux() && IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port))
            return false;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Free ones in the order in which they are tried: the one that served before, so that URLs stay; then from 8080 on.</summary>
    public static IEnumerable<int> Free(int? preferred) =>
        (preferred is { } last ? Enumerable.Range(First, Most).Prepend(last) : Enumerable.Range(First, Most)).Where(IsFree);
}
