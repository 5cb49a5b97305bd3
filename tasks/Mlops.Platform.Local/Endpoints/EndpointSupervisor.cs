using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Where a request for an endpoint goes. Disposing it ends the request.</summary>
public sealed class EndpointLease(Uri address, string variant, Action release) : IDisposable
{
    private int released;

    public Uri Address { get; } = address;

    public string Variant { get; } = variant;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref released, 1) == 0)
            release();
    }
}

/// <summary>Runs in the endpoint server: starts, checks, swaps and restarts model processes.</summary>
public sealed class EndpointSupervisor(LocalRoot root, LocalRegistry registry) : IAsyncDisposable
{
    /// <summary>SageMaker's own bound for a container to answer /ping.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly LocalObjectStore objects = new(root, registry);
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly ConcurrentDictionary<string, ServedModel> served = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim changes = new(1, 1);
    private readonly CancellationTokenSource ending = new();

    /// <summary>Whether an endpoint of that name is to be served, up or not.</summary>
    public bool Knows(string endpoint) => served.ContainsKey(endpoint) || registry.Endpoints.Find(endpoint) is not null;

    /// <summary>The model process for a request, or null where none answers.</summary>
    public EndpointLease? Lease(string endpoint)
    {
        // A model that is being replaced refuses; its successor is in the table by then.
        while (served.TryGetValue(endpoint, out var model) && !model.Process.HasExited)
        {
            if (model.TryUse())
                return new EndpointLease(model.Process.Address, model.Variant, model.Release);
        }

        return null;
    }

    /// <summary>Starts again what was served before the server ended.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        foreach (var row in registry.Endpoints.All())
        {
            if (await DeployAsync(row, cancellation) is { } problem)
                await Console.Error.WriteLineAsync(problem.ToString());
        }
    }

    /// <summary>
    /// Starts a version beside the one that is served, waits until it answers, and then lets it take over: no request fails.
    /// Returns the problem where it does not come up; the old one goes on.
    /// </summary>
    public async Task<Problem?> DeployAsync(EndpointRow row, CancellationToken cancellation)
    {
        await changes.WaitAsync(cancellation);
        try
        {
            var model = await StartAsync(row, cancellation);
            registry.Endpoints.Put(row);
            Swap(row.Name, model);
            return null;
        }
        catch (PlatformException e)
        {
            return e.Problem;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return LocalErrors.DiskError(e.Message);
        }
        finally
        {
            changes.Release();
        }
    }

    public async Task DeleteAsync(string endpoint)
    {
        registry.Endpoints.Delete(endpoint);
        if (served.TryRemove(endpoint, out var model))
            await model.DisposeAsync();
        Files.Delete(root.Endpoint(endpoint));
    }

    public async Task<IReadOnlyList<EndpointStatus>> StatusAsync(CancellationToken cancellation)
    {
        var all = new List<EndpointStatus>();
        foreach (var row in registry.Endpoints.All())
        {
            var healthy = served.TryGetValue(row.Name, out var model) && model.Version == row.Version && await model.Process.IsHealthyAsync(http, cancellation);
            all.Add(new EndpointStatus(row.Name, row.Stage, row.Version, healthy));
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(served.Values.Select(m => m.DisposeAsync().AsTask()));
        served.Clear();
        http.Dispose();
    }

    private async Task<ServedModel> StartAsync(EndpointRow row, CancellationToken cancellation)
    {
        var version = registry.Models.Find(row.Group, row.Version) ?? throw PlatformErrors.UnknownVersion(row.Group, row.Version).ToException();
        var artifact = objects.ExistingPathOf(version.ModelDataUrl);
        if (ContentHash.Of(artifact) != version.Sha256)
            throw LocalErrors.ArtifactChanged(version.ModelDataUrl).ToException();

        var folder = NewFolder(row.Name);
        var environment = (row.Config["Environment"] as JsonObject)?.ToDictionary(e => e.Key, e => e.Value?.ToString() ?? "", StringComparer.Ordinal) ?? [];
        var process = ModelProcess.Start(folder, registry.Models.Request(row.Group, row.Version), environment, objects);
        await File.WriteAllTextAsync(Path.Combine(folder, "process"), process.Identity.ToString(), cancellation);
        if (await process.UntilHealthyAsync(http, StartLimit, cancellation) is { } reason)
        {
            await process.DisposeAsync();
            throw LocalErrors.ModelDidNotStart(row.Name, reason).ToException();
        }

        var variant = (row.Config["ProductionVariants"] as JsonArray)?[0]?["VariantName"]?.ToString() ?? "AllTraffic";
        var model = new ServedModel(process, row.Version, variant);
        _ = WatchAsync(row, model);
        return model;
    }

    private void Swap(string endpoint, ServedModel model)
    {
        ServedModel? old = null;
        served.AddOrUpdate(endpoint, model, (_, before) =>
        {
            old = before;
            return model;
        });
        if (old is not null)
            _ = Task.Run(async () => await old.DisposeAsync());
    }

    /// <summary>Starts a model again whose process ended by itself.</summary>
    private async Task WatchAsync(EndpointRow row, ServedModel model)
    {
        await model.Process.Exited;
        while (!ending.IsCancellationRequested && served.TryGetValue(row.Name, out var current) && ReferenceEquals(current, model))
        {
            await Console.Error.WriteLineAsync($"{row.Name}: the model's process ended; it is started again.");
            if (await DeployAsync(row, ending.Token) is not { } problem)
                return;
            await Console.Error.WriteLineAsync(problem.ToString());
            await Task.Delay(RestartPause, ending.Token);
        }
    }

    /// <summary>A folder of its own for each start; what earlier ones left is ended and removed.</summary>
    private string NewFolder(string endpoint)
    {
        var parent = root.Endpoint(endpoint);
        Directory.CreateDirectory(parent);
        var inUse = served.TryGetValue(endpoint, out var model) ? model.Process.Identity.ToString() : null;
        foreach (var folder in Directory.EnumerateDirectories(parent))
        {
            var file = Path.Combine(folder, "process");
            var process = File.Exists(file) ? File.ReadAllText(file) : "";
            if (process == inUse && inUse is not null)
                continue;
            if (ProcessIdentity.Parse(process) is { } left)
                ProcessGroup.KillLeftover(left);
            Files.Delete(folder);
        }

        var number = 1;
        while (Directory.Exists(Path.Combine(parent, $"{number}")))
            number++;
        return Directory.CreateDirectory(Path.Combine(parent, $"{number}")).FullName;
    }
}
