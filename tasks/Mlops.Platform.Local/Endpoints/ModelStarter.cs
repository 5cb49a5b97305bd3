using System.Collections.Concurrent;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>Starts registered versions as processes in folders of their own.</summary>
internal sealed class ModelStarter(LocalRoot root, LocalRegistry registry, LocalObjectStore objects, HttpClient http)
{
    /// <summary>SageMaker's own bounds on an invocation: what is under way when a model is taken away may take so long.</summary>
    private static readonly TimeSpan InvocationLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan AsyncLimit = TimeSpan.FromHours(1);

    /// <summary>Processes that were started here and have not ended: those that still answer their last requests, too.</summary>
    private readonly ConcurrentDictionary<string, bool> alive = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Starts a version and waits until it answers.</summary>
    public async Task<ServedModel> StartAsync(EndpointRow row, int number, EndpointSettings settings, CancellationToken cancellation)
    {
        RegisteredArtifacts.Check(registry, objects, row.Group, number);
        var folder = NewFolder(row.Name);
        var process = Begin(folder, row, number, settings);
        var identity = process.Identity.ToString();
        alive[identity] = true;
        process.Ended += () => alive.TryRemove(identity, out _);
        try
        {
            process.Mark();
            if (await process.UntilHealthyAsync(http, ModelChain.StartLimit, cancellation) is { } reason)
                throw LocalErrors.ModelDidNotStart(row.Name, reason).ToException();
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new ServedModel(process, settings.Async is null ? InvocationLimit : AsyncLimit);
    }

    private ModelChain Begin(string folder, EndpointRow row, int number, EndpointSettings settings)
    {
        try
        {
            return ModelChain.Start(folder, registry.Models.Request(row.Group, number)["InferenceSpecification"]!, settings.Environment, settings.Programs, objects);
        }
        catch
        {
            Files.Delete(folder); // With the model unpacked in it, and nothing that would take it away.
            throw;
        }
    }

    /// <summary>A folder of its own for each start; what earlier ones left is ended and removed.</summary>
    private string NewFolder(string endpoint)
    {
        lock (gate)
        {
            var parent = Directory.CreateDirectory(root.Endpoint(endpoint)).FullName;
            foreach (var folder in Directory.EnumerateDirectories(parent))
            {
                // Without a mark it is being started, by this very server: another one's folders were cleared when this one began.
                if (Leftovers.MarkOf(folder) is { } mark && !alive.ContainsKey(mark))
                    Leftovers.EndIn(folder);
            }

            var number = 1;
            while (Directory.Exists(Path.Combine(parent, $"{number}")))
                number++;
            return Directory.CreateDirectory(Path.Combine(parent, $"{number}")).FullName;
        }
    }
}
