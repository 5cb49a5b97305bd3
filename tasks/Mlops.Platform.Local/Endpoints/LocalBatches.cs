using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

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
        var batch = stage.Batch ?? throw LocalErrors.NoBatch(stage.Name).ToException();
        var row = registry.Endpoints.Find(stage.EndpointName) ?? throw LocalErrors.NoEndpoint(stage.EndpointName).ToException();
        var arguments = (JsonObject)batch.Transform.DeepClone();
        var from = PathOf(input ?? StepContext.Text(arguments["TransformInput"]!["DataSource"]!["S3DataSource"]!["S3Uri"]));
        if (!Path.Exists(from))
            throw LocalErrors.NoBatchInput(stage.Name, input ?? StepContext.Text(arguments["TransformInput"]!["DataSource"]!["S3DataSource"]!["S3Uri"]), from).ToException();
        var to = PathOf(output ?? StepContext.Text(arguments["TransformOutput"]!["S3OutputPath"]));

        var folder = root.Batch(stage.EndpointName);
        Files.Delete(folder);
        var answers = Directory.CreateDirectory(Path.Combine(folder, "answers")).FullName;
        await using (var process = Start(row, folder))
        {
            if (await Transform.RunAsync(arguments, from, answers, process, cancellation) is { } failure)
                throw LocalErrors.BatchFailed(stage.Name, failure).ToException();
        }

        // What lies there of other inputs stays, as a transform job leaves it.
        foreach (var file in Directory.EnumerateFiles(answers, "*", SearchOption.AllDirectories))
            Files.Move(file, Path.Combine(to, Path.GetRelativePath(answers, file)));
        Files.Delete(folder);
        return (row.Version, to);
    }

    /// <summary>Starts a version once, to know that it comes up.</summary>
    internal async Task CheckAsync(EndpointRow row, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        await using var model = await new ModelStarter(root, registry, objects, http).StartAsync(row, row.Version, EndpointSettings.Of(row, objects), cancellation);
    }

    private ModelProcess Start(EndpointRow row, string folder)
    {
        var settings = EndpointSettings.Of(row, objects);
        var environment = new Dictionary<string, string>(settings.Environment, StringComparer.Ordinal) { ["SAGEMAKER_BATCH"] = "true" };
        return ModelProcess.Start(folder, registry.Models.Request(row.Group, row.Version), environment, settings.Interpreters, objects);
    }

    private string PathOf(string place) => place.StartsWith("s3://", StringComparison.Ordinal) ? objects.PathOf(place) : Path.GetFullPath(place);
}
