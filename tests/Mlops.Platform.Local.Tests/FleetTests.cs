using System.Diagnostics;
using System.Text.Json.Nodes;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Tests;

/// <summary>Model processes: started together, started again, ended when nobody asks.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private static readonly VariantSettings Variant = new("AllTraffic", 1, 1, 1);

    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private readonly HttpClient http = new();
    private readonly LocalRegistry registry;
    private readonly LocalObjectStore objects;
    private Fleet? fleet;
    private int starts;

    public FleetTests()
    {
        var root = new LocalRoot(folder.File(".mlops"));
        registry = LocalRegistry.Open(root);
        objects = new LocalObjectStore(root, registry);
        folder.Write("model/code/serve.py", """
            import os, sys
            from http.server import BaseHTTPRequestHandler, HTTPServer
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                def log_message(self, *a): pass
            HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
            """);
        Archives.Pack(folder.File("model"), objects.PathOf("s3://local/model.tar.gz"));
    }

    public Task InitializeAsync()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task Without_requests_the_process_ends_and_the_next_request_starts_it()
    {
        var served = Make(TimeSpan.FromMilliseconds(300));

        var first = await served.UseAsync(default);
        var process = first!.Process.Identity.Id;
        await Task.Delay(1000);
        Assert.True(IsAlive(process)); // A request is under way.
        first.Release();
        await UntilAsync(() => !IsAlive(process));

        Assert.True(await served.IsHealthyAsync(http, default));
        var second = await served.UseAsync(default);
        Assert.NotEqual(process, second!.Process.Identity.Id);
        Assert.Equal(2, starts);
        second.Release();
    }

    [SkippableFact]
    public async Task A_process_that_is_killed_is_started_again()
    {
        var served = Make(null);
        await served.StartAsync(default);
        var model = served.TryUse()!;
        var killed = model.Process.Identity.Id;
        model.Release();

        using (var process = Process.GetProcessById(killed))
            process.Kill();
        await UntilAsync(() => served.TryUse() is { } successor && Release(successor) is var id && id != 0 && id != killed);

        Assert.True(served.HasFailed);
        Assert.Equal(2, starts);

        static int Release(ServedModel successor)
        {
            successor.Release();
            return successor.Process.HasExited ? 0 : successor.Process.Identity.Id;
        }
    }

    [SkippableFact]
    public async Task Whoever_gives_up_waiting_does_not_end_the_start_for_the_others()
    {
        var served = Make(TimeSpan.FromMinutes(1));
        using var impatient = new CancellationTokenSource();

        var waiting = Enumerable.Range(0, 5).Select(i => served.UseAsync(i == 0 ? impatient.Token : default).AsTask()).ToList();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0]);

        foreach (var model in await Task.WhenAll(waiting.Skip(1)))
            model!.Release();
        Assert.Equal(1, starts);
    }

    [SkippableFact]
    public async Task Taken_away_while_it_starts_nothing_is_left()
    {
        var served = Make(null);
        var begun = served.StartAsync(default);
        await UntilAsync(() => Volatile.Read(ref starts) == 1);

        await served.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => begun);
        await UntilAsync(() => Process.GetProcessesByName("python3").All(p => !IsOurs(p.Id)));
    }

    public async Task DisposeAsync()
    {
        if (fleet is not null)
            await fleet.DisposeAsync();
        http.Dispose();
        registry.Dispose();
        folder.Dispose();
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 500 && !holds(); i++)
            await Task.Delay(20);
        Assert.True(holds());
    }

    private bool IsOurs(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Contains(folder.Path, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is somebody else's.
        }
    }

    private Fleet Make(TimeSpan? idle) => fleet = new Fleet(Variant, async (_, cancellation) =>
    {
        var own = folder.File($"run/{Interlocked.Increment(ref starts)}");
        var container = new JsonObject
        {
            ["ModelDataUrl"] = "s3://local/model.tar.gz",
            ["Image"] = "any",
            ["Environment"] = new JsonObject { ["SAGEMAKER_PROGRAM"] = "serve.py", ["SAGEMAKER_SUBMIT_DIRECTORY"] = "/opt/ml/model/code" },
        };
        var process = ModelChain.Start(own, new JsonObject { ["Containers"] = new JsonArray(container) }, new Dictionary<string, string>(), new ProgramSettings { Interpreters = new Dictionary<string, string>(), Repository = own }, objects);
        try
        {
            Assert.Null(await process.UntilHealthyAsync(http, TimeSpan.FromSeconds(30), cancellation));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new ServedModel(process, TimeSpan.FromSeconds(10));
    }, idle, _ => { });
}
