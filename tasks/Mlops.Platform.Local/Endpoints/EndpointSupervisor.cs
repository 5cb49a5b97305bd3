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
    private readonly ConcurrentDictionary<string, SemaphoreSlim> changes = new(StringComparer.Ordinal);

    /// <summary>Processes that this server started and has not ended: those that still answer their last requests, too.</summary>
    private readonly ConcurrentDictionary<string, bool> alive = new(StringComparer.Ordinal);
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
        await Task.WhenAll(registry.Endpoints.All().Select(async row =>
        {
            if (await DeployAsync(row, cancellation) is { } problem)
                await Console.Error.WriteLineAsync(problem.ToString());
        }));
    }

    /// <summary>
    /// Starts a version beside the one that is served, waits until it answers, and then lets it take over: no request fails.
    /// Returns the problem where it does not come up; the old one goes on.
    /// </summary>
    public Task<Problem?> DeployAsync(EndpointRow row, CancellationToken cancellation) => DeployAsync(row, () => true, cancellation);

    /// <param name="wanted">Asked when no other change of the endpoint is under way: what was right before may not be any more.</param>
    private async Task<Problem?> DeployAsync(EndpointRow row, Func<bool> wanted, CancellationToken cancellation)
    {
        using var change = await ChangeAsync(row.Name, cancellation);
        try
        {
            if (!wanted())
                return null;
            var model = await StartAsync(row, cancellation);
            try
            {
                registry.Endpoints.Put(row);
            }
            catch
            {
                await model.DisposeAsync();
                throw;
            }

            Swap(row, model);
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
    }

    public async Task DeleteAsync(string endpoint)
    {
        using var change = await ChangeAsync(endpoint, CancellationToken.None);
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
        var process = ModelProcess.Start(folder, registry.Models.Request(row.Group, row.Version), Texts(row.Config["Environment"]), Texts(row.Config["Interpreters"]), objects);
        var identity = process.Identity.ToString();
        alive[identity] = true;
        process.Ended += () => alive.TryRemove(identity, out _);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "process"), identity, cancellation);
            if (await process.UntilHealthyAsync(http, StartLimit, cancellation) is { } reason)
                throw LocalErrors.ModelDidNotStart(row.Name, reason).ToException();
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        var variant = (row.Config["ProductionVariants"] as JsonArray)?[0]?["VariantName"]?.ToString() ?? "AllTraffic";
        return new ServedModel(process, row.Version, variant);
    }

    private static Dictionary<string, string> Texts(JsonNode? node) =>
        (node as JsonObject)?.ToDictionary(e => e.Key, e => e.Value?.ToString() ?? "", StringComparer.Ordinal) ?? [];

    private async Task<IDisposable> ChangeAsync(string endpoint, CancellationToken cancellation)
    {
        var gate = changes.GetOrAdd(endpoint, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellation);
        return new Change(gate);
    }

    private void Swap(EndpointRow row, ServedModel model)
    {
        ServedModel? old = null;
        served.AddOrUpdate(row.Name, model, (_, before) =>
        {
            old = before;
            return model;
        });
        if (old is not null)
            _ = Task.Run(async () => await old.DisposeAsync());
        _ = WatchAsync(row, model);
    }

    /// <summary>Starts a model again whose process ended by itself.</summary>
    private async Task WatchAsync(EndpointRow row, ServedModel model)
    {
        await model.Process.Exited;
        while (!ending.IsCancellationRequested && IsServed())
        {
            await Console.Error.WriteLineAsync($"{row.Name}: the model's process ended; it is started again.");
            if (await DeployAsync(row, IsServed, ending.Token) is not { } problem)
                return;
            await Console.Error.WriteLineAsync(problem.ToString());
            await Task.Delay(RestartPause, ending.Token);
        }

        bool IsServed() => served.TryGetValue(row.Name, out var current) && ReferenceEquals(current, model);
    }

    /// <summary>A folder of its own for each start; what earlier ones left is ended and removed.</summary>
    private string NewFolder(string endpoint)
    {
        var parent = root.Endpoint(endpoint);
        Directory.CreateDirectory(parent);
        foreach (var folder in Directory.EnumerateDirectories(parent))
        {
            var file = Path.Combine(folder, "process");
            var process = File.Exists(file) ? File.ReadAllText(file) : "";
            if (alive.ContainsKey(process))
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

    private sealed class Change(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
