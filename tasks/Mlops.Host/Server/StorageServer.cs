using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mlops.Platform.Local;
using Mlops.Serving.Storage;

namespace Mlops.Host.Server;

/// <summary>
/// S3 for the step programs of one run, on loopback and for credentials that live as long as the run. The port is there at once;
/// the server behind it is started by the first program that connects, so that runs without one pay nothing.
/// </summary>
internal sealed class StorageServer : IStepStorage
{
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly string accessKey = "LOCAL" + RandomNumberGenerator.GetHexString(15);
    private readonly S3Api api;
    private readonly CancellationTokenSource ending = new();
    private readonly Task serving;
    private volatile bool isStarted;

    public StorageServer(LocalRoot root)
    {
        CollectUploads(root.Uploads);
        api = new S3Api(root.Buckets, root.Uploads, accessKey);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var environment = new Dictionary<string, string>
        {
            ["AWS_ENDPOINT_URL_S3"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
            ["AWS_ACCESS_KEY_ID"] = accessKey,
            ["AWS_SECRET_ACCESS_KEY"] = RandomNumberGenerator.GetHexString(40),
            ["AWS_SESSION_TOKEN"] = "",
            ["AWS_REGION"] = "us-east-1",
            ["AWS_DEFAULT_REGION"] = "us-east-1",
        };
        // A proxy would be asked for 127.0.0.1 on its own machine.
        foreach (var name in new[] { "NO_PROXY", "no_proxy" })
            environment[name] = string.Join(',', new[] { System.Environment.GetEnvironmentVariable(name), "127.0.0.1" }.Where(v => !string.IsNullOrEmpty(v)));
        Environment = environment;
        serving = Task.Factory.StartNew(ServeAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    public IReadOnlyDictionary<string, string> Environment { get; }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        if (!isStarted)
        {
            // Nobody came: this connection wakes the one who waits.
            using var wake = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await wake.ConnectAsync(listener.LocalEndPoint!);
        }

        await serving;
        listener.Dispose();
        ending.Dispose();
    }

    /// <summary>What programs that were killed left half uploaded; other runs may be uploading now.</summary>
    private static void CollectUploads(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(e => e.LastWriteTimeUtc < DateTime.UtcNow - Abandoned))
        {
            if (entry is DirectoryInfo upload)
                upload.Delete(recursive: true);
            else
                entry.Delete();
        }
    }

    private async Task ServeAsync()
    {
        listener.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
        isStarted = true;
        if (ending.IsCancellationRequested)
            return;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen((IPEndPoint)listener.LocalEndPoint!);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.WebHost.UseSockets(o => o.CreateBoundListenSocket = _ => listener);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        await using var app = builder.Build();
        app.Run(api.InvokeAsync);
        await app.StartAsync(CancellationToken.None);
        await app.WaitForShutdownAsync(ending.Token);
    }
}
