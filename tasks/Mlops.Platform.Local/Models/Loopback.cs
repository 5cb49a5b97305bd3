namespace Mlops.Platform.Local.Models;

/// <summary>Clients for programs of this machine: no proxy of the environment stands between.</summary>
internal static class Loopback
{
    public static HttpClient Client(TimeSpan? timeout = null) => new(new SocketsHttpHandler { UseProxy = false }) { Timeout = timeout ?? TimeSpan.FromSeconds(100) };
}
