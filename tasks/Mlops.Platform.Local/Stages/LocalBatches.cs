using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Stages;

/// <summary>Predictions for whole data sets, by the version that a stage serves, in a process that lives as long as they take.</summary>
public sealed class LocalBatches
{
    private readonly LocalRoot root;
    private readonly LocalRegistry registry;
    private readonly LocalObjectStore objects;

    internal LocalBatches(LocalRoot root, LocalRegistry registry, LocalObjectStore objects)
    {
        this.root = root;
        this.registry = registry;
        this.objects = objects;
    }

    /// <summary>Predicts a stage's input, or other records in its place.</summary>
    /// <param name="input">A file or folder of this machine, or an S3 URI; null: the stage's.</param>
    /// <param name="output">A folder of this machine, or an S3 URI; null: the stage's.</param>
    /// <returns>The version that predicted, and the folder with the answers.</returns>
    public async Task<(int Version, string Output)> RunAsync(Stage stage, string? input, string? output, CancellationToken cancellation)
    {
        var batch = stage.Batch ?? throw PlatformErrors.NoBatch(stage.Name).ToException();
        var row = registry.Endpoints.Find(stage.EndpointName) ?? throw LocalErrors.NoEndpoint(stage.EndpointName).ToException();
        var arguments = (JsonObject)batch.Transform.DeepClone();
        var source = arguments["TransformInput"]!["DataSource"]!["S3DataSource"]!;
        if (input is not null && LocalObjectStore.IsUri(input))
            source["S3Uri"] = input;
        var named = input ?? Json.Text(source["S3Uri"]);
        var from = PathOf(named);
        // A prefix need not be a folder: then it is the beginning of keys.
        var listed = LocalObjectStore.IsUri(named) ? S3Source.Listed(source, objects) : null;
        if (listed is { Count: 0 } || (listed is null && (!Path.Exists(from) || (Directory.Exists(from) && !Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Any()))))
            throw LocalErrors.NoBatchInput(stage.Name, named, from).ToException();
        var to = PathOf(output ?? Json.Text(arguments["TransformOutput"]!["S3OutputPath"]));

        await PredictAsync(stage.Name, row, root.Batch(row.Name), async (process, folder) =>
        {
            var answers = Directory.CreateDirectory(Path.Combine(folder, "answers")).FullName;
            if (listed is not null)
                S3Source.Copy(listed, from = Path.Combine(folder, "records"));
            if (await Transform.RunAsync(arguments, from, answers, process, cancellation) is { } failure)
                throw LocalErrors.BatchFailed(stage.Name, failure).ToException();

            // What lies there of other inputs stays, as a transform job leaves it.
            foreach (var file in Directory.EnumerateFiles(answers, "*", SearchOption.AllDirectories))
                AtomicFile.Move(file, Path.Combine(to, Path.GetRelativePath(answers, file)));
        });
        return (row.Version, to);
    }

    /// <summary>Whether what is registered serves batches alone: nothing runs for it meanwhile.</summary>
    internal static bool IsBatchAlone(EndpointRow row) => row.Config.TryGetPropertyValue("EndpointConfig", out var config) && config is null;

    /// <summary>Starts a version once, to know that it comes up.</summary>
    internal Task CheckAsync(EndpointRow row, CancellationToken cancellation) => PredictAsync(row.Stage, row, root.Batch(row.Name + ".check"), async (process, _) =>
    {
        using var http = Loopback.Client();
        if (await process.UntilHealthyAsync(http, ModelChain.StartLimit, cancellation) is { } reason)
            throw LocalErrors.ModelDidNotStart(row.Name, reason).ToException();
    });

    /// <summary>Does something with the model in a process that lives as long; what a killed one left is ended first.</summary>
    private async Task PredictAsync(string stage, EndpointRow row, string folder, Func<ModelChain, string, Task> work)
    {
        try
        {
            Leftovers.EndIn(folder);
            RegisteredArtifacts.Check(registry, objects, row.Group, row.Version);
            var settings = EndpointSettings.Of(row, objects);
            var environment = new Dictionary<string, string>(settings.Environment, StringComparer.Ordinal) { ["SAGEMAKER_BATCH"] = "true" }; // As the service tells its containers.
            await using (var process = ModelChain.Start(folder, registry.Models.Request(row.Group, row.Version)["InferenceSpecification"]!, environment, settings.Programs, objects, root.BatchLog(row.Name)))
            {
                process.Mark();
                await work(process, folder);
            }

            Files.Delete(folder);
        }
        catch (DefinitionException e)
        {
            throw LocalErrors.BatchFailed(stage, e.Message).ToException();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.DiskError(e.Message).ToException();
        }
    }

    private string PathOf(string place) => LocalObjectStore.IsUri(place) ? objects.PathOf(place) : Path.GetFullPath(place);
}
