using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mlops.Platform;
using Mlops.Platform.Local;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Stages;
using Mlops.Serving.Runtime;

namespace Mlops.Host.Server;

/// <summary>One server a root: SageMaker Runtime's HTTP on loopback, and the control of its models for whoever can read its token.</summary>
internal static class EndpointServer
{
    private const int MostMissed = 2;

    /// <summary>Of what came and was not read yet, for each connection: Kestrel's own megabyte is a gigabyte for a thousand that send slowly.</summary>
    private const int RequestBufferBytes = 128 << 10;

    /// <summary>Of callers at once: a thousand slow ones beside a thousand that are answered.</summary>
    private const int MostConnections = 2000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string folder, int? port, int? preferred, CancellationToken cancellation)
    {
        try
        {
            return await ServeAsync(folder, port, preferred, cancellation);
        }
        catch (PlatformException e)
        {
            await Console.Error.WriteLineAsync(e.Problem.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"The endpoint server ended: {e.Message}");
        }

        return ExitCodes.Errors;
    }

    private static async Task<int> ServeAsync(string folder, int? port, int? preferred, CancellationToken cancellation)
    {
        var root = new LocalRoot(folder);
        await using var held = LocalPlatform.TryHold(root.ServerLock);
        if (held is null)
            return ExitCodes.Done; // Another one was faster: it serves.

        using var registry = LocalRegistry.Open(root);
        await using var supervisor = new EndpointSupervisor(root, registry);
        supervisor.EndLeftovers();
        using var api = new RuntimeApi(supervisor);
        foreach (var candidate in port is { } wanted ? [wanted] : Ports.Free(preferred))
        {
            var state = new ServerState(Environment.ProcessId, candidate, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), Versions.Product);
            await using var app = Build(state, supervisor, api);
            try
            {
                await app.StartAsync(cancellation);
            }
            catch (IOException e) when (e.InnerException is AddressInUseException && port is null)
            {
                continue; // Another server took it between the look and the bind.
            }

            state.Write(root);
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            // Models may take minutes to start: whoever stops the server is not kept waiting for them.
            using (var restoring = CancellationTokenSource.CreateLinkedTokenSource(cancellation, app.Lifetime.ApplicationStopping))
                await supervisor.RestoreAsync(restoring.Token);
            var watched = LeaveWithItsFolderAsync(root, app.Lifetime, leaving.Token);
            await app.WaitForShutdownAsync(cancellation);
            await leaving.CancelAsync();
            await watched;
            if (IsOurs(root))
                File.Delete(root.ServerFile);
            return ExitCodes.Done;
        }

        throw new IOException("no port is free.");
    }

    private static bool IsOurs(LocalRoot root) => ServerState.Read(root)?.Pid == Environment.ProcessId;

    /// <summary>A server whose folder was deleted could never be found and stopped: it ends by itself.</summary>
    private static async Task LeaveWithItsFolderAsync(LocalRoot root, IHostApplicationLifetime lifetime, CancellationToken leaving)
    {
        var missed = 0;
        try
        {
            while (missed < MostMissed)
            {
                await Task.Delay(LookEvery, leaving);
                missed = IsOurs(root) ? 0 : missed + 1;
            }

            lifetime.StopApplication();
        }
        catch (OperationCanceledException)
        {
            // It was stopped otherwise.
        }
    }

    private static WebApplication Build(ServerState state, EndpointSupervisor supervisor, RuntimeApi api)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, state.Port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RuntimeApi.MostBodyBytes;
            kestrel.Limits.MaxRequestBufferSize = RequestBufferBytes;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(60));
        var app = builder.Build();
        var control = new ServerControl(supervisor, state, app.Lifetime);
        app.Run(http => http.Request.Path.StartsWithSegments(ServerClient.ControlPath, StringComparison.Ordinal) ? control.HandleAsync(http) : api.InvokeAsync(http));
        return app;
    }
}
