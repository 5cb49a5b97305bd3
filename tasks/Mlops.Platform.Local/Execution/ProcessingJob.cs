using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
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
        var outputs = Json.Objects(step.Arguments["ProcessingOutputConfig"]?["Outputs"]).Where(o => o["S3Output"] is JsonObject).Select(o => (JsonObject)o["S3Output"]!).ToList();
        var hosts = JobHost.Of(step, step.Arguments["ProcessingResources"]?["ClusterConfig"]?["InstanceCount"], step.Arguments["AppSpecification"]);
        var container = hosts[0].Container;
        if (await JobHost.RunAsync([.. hosts.Select(h => Prepare(step, h, outputs))], cancellation) is { } failure)
            return StepOutcome.Failed(Message(container) is { } said ? $"{said.Trim()}\n{failure}" : failure);

        var places = outputs.Select(o => Json.Text(o["LocalPath"]).TrimEnd('/')).ToList();
        var uris = outputs.Select(o => Json.Text(o["S3Uri"])).ToList();
        foreach (var (uri, place) in uris.Zip(places))
        {
            JobHost.Gather(hosts, place);
            var from = container.Left(place);
            // What lies in the folders of two outputs is sent with each.
            if (places.Count(p => (p + "/").StartsWith(place + "/", StringComparison.Ordinal) || (place + "/").StartsWith(p + "/", StringComparison.Ordinal)) > 1)
            {
                Files.Materialize(from, container.Links);
                Files.Copy(container.Path(place), from = Path.Combine(step.Folder, ".output"));
            }

            Files.Merge(from, step.Objects.PathOf(uri), container.Links);
        }

        return new StepOutcome(Properties(step, container)) { Objects = [.. uris.Select(step.Objects.Describe)] }; // When all are there: one may lie below another.
    }

    private static StepProcess Prepare(StepContext step, JobHost host, IEnumerable<JsonObject> outputs)
    {
        var container = host.Container;
        foreach (var input in Json.Objects(step.Arguments["ProcessingInputs"]))
        {
            if (input["S3Input"] is JsonObject s3)
                host.Place(s3, step.Objects, container.Path(Json.Text(s3["LocalPath"])));
        }

        foreach (var output in outputs)
            container.Make(Json.Text(output["LocalPath"]));
        container.Make("/opt/ml/output");
        container.WriteConfig("config/processingjobconfig.json", JobConfig(step));
        container.WriteConfig("config/resourceconfig.json", new JsonObject { ["current_host"] = host.Name, ["hosts"] = host.Names });
        return step.Process(host, Program(step, container), JobEnvironment.Of(step, container, "PROCESSING_JOB_NAME"));
    }

    private static JobProgram Program(StepContext step, ContainerFolder container)
    {
        var program = JobProgram.Of(step, step.Arguments["AppSpecification"], container);
        if (program.IsStandIn || container.IsMounted)
            return program;
        if (StepLauncher.Without(program.Entrypoint) is not [var entry, .. var further])
            throw LocalErrors.NoProgram(step.Step.Name, program.Image).ToException();
        return program with
        {
            Entrypoint = [step.Interpreter(entry), .. further is ["-m", "papermill", .. var rest] ? [ScriptMode.Write(step.Folder, "notebook.py"), .. rest] : further],
        };
    }

    private static JsonObject JobConfig(StepContext step) => new()
    {
        ["ProcessingJobName"] = step.JobName,
        ["ProcessingJobArn"] = LocalArn.Of("processing-job", step.JobName),
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
        properties["ProcessingJobArn"] = LocalArn.Of("processing-job", step.JobName);
        properties["ProcessingJobStatus"] = "Completed";
        if (Message(container) is { } message)
            properties["ExitMessage"] = message;
        return properties;
    }

    private static string? Message(ContainerFolder container) => container.Text("/opt/ml/output/message", LongestMessage) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
