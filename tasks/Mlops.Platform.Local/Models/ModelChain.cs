using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Models;

/// <summary>The containers of a model, a process each: most often one, or a serial inference pipeline.</summary>
internal sealed class ModelChain : IAsyncDisposable
{
    /// <summary>SageMaker's own bound for a container to answer /ping.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);

    private readonly IReadOnlyList<(ModelProcess Process, string Folder)> containers;

    private ModelChain(IReadOnlyList<(ModelProcess Process, string Folder)> containers) => this.containers = containers;

    /// <summary>Told once, when the programs have ended and their folder may go.</summary>
    public event Action? Ended;

    /// <summary>Of the containers' servers, in the order in which a request goes through them.</summary>
    public IReadOnlyList<Uri> Addresses => [.. containers.Select(c => c.Process.Address)];

    /// <summary>The first program's.</summary>
    public ProcessIdentity Identity => containers[0].Process.Identity;

    public bool HasExited => containers.Any(c => c.Process.HasExited);

    /// <summary>Ends when one of the programs ends.</summary>
    public Task Exited => Task.WhenAny(containers.Select(c => c.Process.Exited));

    /// <summary>Starts the programs. It does not wait for them to answer.</summary>
    /// <param name="specification">An InferenceSpecification.</param>
    /// <param name="log">Null: one in the folder.</param>
    public static ModelChain Start(string folder, JsonNode specification, IReadOnlyDictionary<string, string> environment, ProgramSettings programs, LocalObjectStore objects, string? log = null)
    {
        var all = Json.Objects(specification["Containers"]).ToList();
        var contentType = Json.Texts(specification["SupportedContentTypes"]).FirstOrDefault();
        var started = new List<(ModelProcess, string)>();
        try
        {
            foreach (var (container, i) in all.Select((c, i) => (c, i)))
            {
                var own = i == 0 ? folder : Path.Combine(folder, $"container-{i + 1}");
                var ownLog = log is null ? Path.Combine(own, "model.log") : i == 0 ? log : Path.ChangeExtension(log, $"{i + 1}.log");
                started.Add((ModelProcess.Start(own, container, i == 0 ? contentType : null, environment, programs, objects, ownLog), own));
            }

            return new ModelChain(started);
        }
        catch
        {
            foreach (var (process, _) in started)
                process.DisposeAsync().AsTask().Wait();
            throw;
        }
    }

    /// <summary>Keeps whose folders these are, for whoever finds them after a kill.</summary>
    public void Mark()
    {
        foreach (var (process, folder) in containers)
            Leftovers.Mark(folder, process.Identity);
    }

    /// <summary>Waits until all answer GET /ping with 200. Returns null, or why one never will.</summary>
    public async Task<string?> UntilHealthyAsync(HttpClient http, TimeSpan limit, CancellationToken cancellation)
    {
        foreach (var (process, _) in containers)
        {
            if (await process.UntilHealthyAsync(http, limit, cancellation) is { } reason)
                return reason;
        }

        return null;
    }

    public async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken cancellation) =>
        !HasExited && (await Task.WhenAll(containers.Select(c => c.Process.IsHealthyAsync(http, cancellation)))).All(h => h);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(containers.Select(c => c.Process.DisposeAsync().AsTask()));
        Ended?.Invoke();
    }
}
