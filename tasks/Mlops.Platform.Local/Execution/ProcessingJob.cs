using System.Text.Json.Nodes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// A Processing step: inputs copied to their places, the entry point run, outputs moved to the object store.
/// Contract: CreateProcessingJob; /opt/ml/config/processingjobconfig.json and resourceconfig.json; /opt/ml/output/message.
/// </summary>
internal static class ProcessingJob
{
    private const int LongestMessage = 1024;

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        var arguments = step.Arguments;
        var container = new ContainerFolder(step.Folder);
        foreach (var input in Items(arguments["ProcessingInputs"]))
        {
            if (input["S3Input"] is JsonObject s3)
                Place(step.Objects.ExistingPathOf(StepContext.Text(s3["S3Uri"])), container.Path(StepContext.Text(s3["LocalPath"])));
        }

        var outputs = Items(arguments["ProcessingOutputConfig"]?["Outputs"]).Where(o => o["S3Output"] is JsonObject).Select(o => (JsonObject)o["S3Output"]!).ToList();
        foreach (var output in outputs)
            container.Make(StepContext.Text(output["LocalPath"]));
        container.Make("/opt/ml/output");
        container.WriteConfig("config/processingjobconfig.json", JobConfig(step));
        container.WriteConfig("config/resourceconfig.json", new JsonObject { ["current_host"] = "algo-1", ["hosts"] = new JsonArray("algo-1") });

        var process = new StepProcess
        {
            Step = step.Step.Name,
            Command = step.Contained(Command(step, container), container),
            Folder = container.BaseFolder,
            Log = step.Log,
            Environment = JobEnvironment.Of(step, container, "PROCESSING_JOB_NAME"),
            MaxRuntime = step.MaxRuntime(),
            OnStart = step.OnStart,
        };
        if (await process.RunAsync(cancellation) is { } failure)
            return StepOutcome.Failed(failure);

        var stored = new List<StoredObject>();
        foreach (var output in outputs)
        {
            var uri = StepContext.Text(output["S3Uri"]);
            Files.Replace(container.Path(StepContext.Text(output["LocalPath"])), step.Objects.PathOf(uri));
            stored.Add(step.Objects.Describe(uri));
        }

        return new StepOutcome(Properties(step, container)) { Objects = stored };
    }

    /// <summary>SageMaker downloads what lies below the prefix into a folder; a single object keeps its name.</summary>
    internal static void Place(string source, string folder) =>
        Files.Copy(source, Directory.Exists(source) ? folder : Path.Combine(folder, Path.GetFileName(source)));

    internal static IEnumerable<JsonObject> Items(JsonNode? node) => node is JsonArray array ? array.OfType<JsonObject>() : [];

    private static List<string> Command(StepContext step, ContainerFolder container)
    {
        var application = step.Arguments["AppSpecification"];
        var command = Strings(application?["ContainerEntrypoint"]).Concat(Strings(application?["ContainerArguments"])).Select(container.Map).ToList();
        if (command.Count == 0 || application?["ContainerEntrypoint"] is null)
            throw LocalErrors.NoProgram(step.Step.Name).ToException();
        command[0] = step.Interpreter(command[0]);
        return command is [var python, "-m", "papermill", .. var rest] ? [python, ScriptMode.Write(step.Folder, "notebook.py"), .. rest] : command;
    }

    internal static IEnumerable<string> Strings(JsonNode? node) => node is JsonArray array ? array.Select(StepContext.Text) : [];

    private static JsonObject JobConfig(StepContext step) => new()
    {
        ["ProcessingJobName"] = step.JobName,
        ["ProcessingJobArn"] = $"arn:aws:sagemaker:local:000000000000:processing-job/{step.JobName}",
        ["Environment"] = step.Arguments["Environment"]?.DeepClone() ?? new JsonObject(),
        ["AppSpecification"] = step.Arguments["AppSpecification"]?.DeepClone(),
        ["ProcessingInputs"] = step.Arguments["ProcessingInputs"]?.DeepClone() ?? new JsonArray(),
        ["ProcessingOutputConfig"] = step.Arguments["ProcessingOutputConfig"]?.DeepClone() ?? new JsonObject(),
        ["ProcessingResources"] = step.Arguments["ProcessingResources"]?.DeepClone(),
        ["RoleArn"] = step.Arguments["RoleArn"]?.DeepClone(),
        ["StoppingCondition"] = step.Arguments["StoppingCondition"]?.DeepClone(),
    };

    private static JsonObject Properties(StepContext step, ContainerFolder container)
    {
        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["ProcessingJobName"] = step.JobName;
        properties["ProcessingJobArn"] = $"arn:aws:sagemaker:local:000000000000:processing-job/{step.JobName}";
        properties["ProcessingJobStatus"] = "Completed";
        var message = container.Path("/opt/ml/output/message");
        if (File.Exists(message) && File.ReadAllText(message) is var text)
            properties["ExitMessage"] = text.Length > LongestMessage ? text[..LongestMessage] : text;
        return properties;
    }
}
