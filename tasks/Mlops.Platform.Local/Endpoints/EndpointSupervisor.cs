using System.Collections.Concurrent;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Stages;
using Mlops.Platform.Local.Storage;
using Mlops.Serving.Runtime;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Runs in the endpoint server: which endpoints there are, one change of each at a time, and what the registry knows of them.</summary>
/// <param name="idle">After so long without a request, models end that run only while somebody asks; null: a minute.</param>
public sealed class EndpointSupervisor(LocalRoot root, LocalRegistry registry, TimeSpan? idle = null) : IEndpoints, IAsyncDisposable
{
    private static readonly TimeSpan DefaultIdle = TimeSpan.FromMinutes(1);

    private readonly LocalObjectStore objects = new(root, registry);
    private readonly HttpClient http = Loopback.Client(Timeout.InfiniteTimeSpan);
    private readonly ConcurrentDictionary<string, ServedEndpoint> served = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> changes = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private ModelStarter? starter;

    public bool AreReady => registry.Endpoints.All().Where(r => !LocalBatches.IsBatchAlone(r)).All(r => served.TryGetValue(r.Name, out var found) && found.IsReady);

    public bool Knows(string endpoint) => (served.TryGetValue(endpoint, out var found) && found.IsServed) || (registry.Endpoints.Find(endpoint) is { } row && !LocalBatches.IsBatchAlone(row));

    public ValueTask<Admission> AdmitAsync(string endpoint, string? variant, CancellationToken cancellation) =>
        served.TryGetValue(endpoint, out var found) ? found.AdmitAsync(variant, cancellation) : ValueTask.FromResult(Admission.Refused(Refusal.NotUp));

    public Acceptance Enqueue(string endpoint, QueuedInvocation invocation) => served.TryGetValue(endpoint, out var found) ? found.Enqueue(invocation) : Acceptance.Refused(Refusal.NotUp);

    /// <summary>Ends what a killed server left. Before anybody is served: it lies where new models unpack.</summary>
    public void EndLeftovers() => Leftovers.End(root, null);

    /// <summary>Starts again what was served before the server ended.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(registry.Endpoints.All().Where(r => !LocalBatches.IsBatchAlone(r)).Select(async row =>
        {
            try
            {
                var settings = EndpointSettings.Of(row, objects);
                if (settings.OnDemand)
                    Served(row.Name).Restore(row, settings);
                else if (await DeployAsync(row, cancellation) is { } problem)
                    Warn(problem.ToString());
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // The server is being stopped.
            }
#pragma warning disable CA1031 // Whatever is wrong with one endpoint, the others are served.
            catch (Exception e)
            {
                Warn($"{row.Name}: it is not served: {e.Message}");
            }
#pragma warning restore CA1031
        }));
    }

    /// <summary>Makes an endpoint serve a version. Returns the problem where that fails; what was served before goes on.</summary>
    public async Task<Problem?> DeployAsync(EndpointRow row, CancellationToken cancellation)
    {
        using var change = await ChangeAsync(row.Name, cancellation);
        try
        {
            await Served(row.Name).DeployAsync(row, EndpointSettings.Of(row, objects), () => registry.Endpoints.Put(row), cancellation);
            return null;
        }
        catch (PlatformException e)
        {
            return e.Problem;
        }
        catch (DefinitionException e)
        {
            return LocalErrors.ModelDidNotStart(row.Name, e.Message);
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
        if (served.TryRemove(endpoint, out var found))
            await found.DisposeAsync();
        Files.Delete(root.Endpoint(endpoint));
        Files.Delete(root.Queue(endpoint));
    }

    public async Task<IReadOnlyList<EndpointStatus>> StatusAsync(CancellationToken cancellation)
    {
        // At once: one that is slow to say how it is does not hold up what is said of the others.
        return await Task.WhenAll(registry.Endpoints.All().Select(row => served.TryGetValue(row.Name, out var found)
            ? found.StatusAsync(row, http, cancellation) : Task.FromResult(new EndpointStatus(row.Name, row.Stage, row.Version, Healthy: false))));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(served.Values.Select(e => e.DisposeAsync().AsTask()));
        served.Clear();
        http.Dispose();
    }

    private ServedEndpoint Served(string name) => served.GetOrAdd(name, _ => new ServedEndpoint(name, Make, Queue, Warn));

    private Fleet Make(EndpointRow row, EndpointSettings settings, VariantSettings variant) =>
        new(variant, (v, cancellation) => Starter.StartAsync(row, v.Version, settings, cancellation), settings.OnDemand ? idle ?? DefaultIdle : null, text => Warn($"{row.Name}: {text}"));

    private ModelStarter Starter
    {
        get
        {
            lock (gate)
                return starter ??= new ModelStarter(root, registry, objects, http);
        }
    }

    private AsyncQueue Queue(ServedEndpoint endpoint, string name, AsyncSettings settings, int workers) => new(endpoint, name, settings, workers, root, objects, http, text => Warn($"{name}: {text}"));

    /// <summary>Into the server's log.</summary>
    private static void Warn(string text) => Console.Error.WriteLine(text);

    private async Task<IDisposable> ChangeAsync(string endpoint, CancellationToken cancellation)
    {
        var gate = changes.GetOrAdd(endpoint, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellation);
        return new Change(gate);
    }

    private sealed class Change(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
