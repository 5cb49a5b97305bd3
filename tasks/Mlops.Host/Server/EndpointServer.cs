using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mlops.Platform;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Registry;
using Mlops.Serving;

namespace Mlops.Host.Server;

/// <summary>One server a root: SageMaker Runtime's HTTP on loopback, and the control of its models for whoever can read its token.</summary>
internal static class EndpointServer
{
    private const int FirstPort = 8080;

    public static async Task<int> RunAsync(string folder, int? port, int? preferred, CancellationToken cancellation)
    {
        var root = new LocalRoot(folder);
        await using var held = LocalPlatform.TryHold(root.ServerLock);
        if (held is null)
            return ExitCodes.Done; // Another one was faster: it serves.

        using var registry = LocalRegistry.Open(root);
        await using var supervisor = new EndpointSupervisor(root, registry);
        using var api = new RuntimeApi(new SupervisedEndpoints(supervisor));
        var state = new ServerState(Environment.ProcessId, port ?? FreePort(preferred), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), Versions.Product);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, state.Port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RuntimeApi.MostBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        await using var app = builder.Build();
        var control = new ServerControl(supervisor, state, app.Lifetime);
        app.Run(http => http.Request.Path.StartsWithSegments(ServerClient.ControlPath, StringComparison.Ordinal) ? control.HandleAsync(http) : api.InvokeAsync(http));
        await app.StartAsync(cancellation);
        state.Write(root);
        await supervisor.RestoreAsync(cancellation);
        await app.WaitForShutdownAsync(cancellation);
        File.Delete(root.ServerFile);
        return ExitCodes.Done;
    }

    /// <summary>The one that served before, so that URLs stay; else the first free one.</summary>
    private static int FreePort(int? preferred)
    {
        IEnumerable<int> candidates = preferred is { } last ? [last, .. Enumerable.Range(FirstPort, 1000)] : Enumerable.Range(FirstPort, 1000);
        return candidates.First(IsFree);
    }

    private static bool IsFree(int port)
    {
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

    private sealed class SupervisedEndpoints(EndpointSupervisor supervisor) : IEndpoints
    {
        public bool Knows(string endpoint) => supervisor.Knows(endpoint);

        public IInvocationLease? Lease(string endpoint) => supervisor.Lease(endpoint) is { } lease ? new SupervisedLease(lease) : null;
    }

    private sealed class SupervisedLease(EndpointLease lease) : IInvocationLease
    {
        public Uri Address => lease.Address;

        public string Variant => lease.Variant;

        public void Dispose() => lease.Dispose();
    }
}
