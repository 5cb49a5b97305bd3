using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Models;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>A Transform step: the model, in a process of its own, answers the records.</summary>
internal static class TransformJob
{
    /// <param name="model">The properties of the Model step that made the model.</param>
    public static async Task<StepOutcome> RunAsync(StepContext step, JsonObject model, CancellationToken cancellation)
    {
        var source = Source(step);
        var specification = new JsonObject { ["Containers"] = model["PrimaryContainer"] is { } one ? new JsonArray(one.DeepClone()) : model["Containers"]?.DeepClone() };
        var environment = Json.TextMembers(step.Arguments["Environment"]);
        environment["SAGEMAKER_BATCH"] = "true"; // As the service tells its containers.
        environment[ProcessGroup.ExecutionVariable] = step.ExecutionId;
        await using var process = ModelChain.Start(step.Folder, specification, environment, step.Execution.Programs, step.Objects, step.Log);
        step.OnStart(process.Identity);
        var output = Json.Text(step.Arguments["TransformOutput"]?["S3OutputPath"]);
        var folder = Directory.CreateDirectory(Path.Combine(step.Folder, "output")).FullName;
        if (await Transform.RunAsync(step.Arguments, source, folder, process, cancellation) is { } failure)
            return StepOutcome.Failed(failure);

        Files.Merge(folder, step.Objects.PathOf(output), LinkRules.AsTheyAre);
        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["TransformJobName"] = step.JobName;
        properties["TransformJobArn"] = LocalArn.Of("transform-job", step.JobName);
        properties["TransformJobStatus"] = "Completed";
        return new StepOutcome(properties) { Objects = [step.Objects.Describe(output)] };
    }

    private static string Source(StepContext step)
    {
        var named = step.Arguments["TransformInput"]?["DataSource"]?["S3DataSource"];
        if (S3Source.Listed(named, step.Objects) is not { } listed)
            return step.Objects.ExistingPathOf(Json.Text(named?["S3Uri"]));
        var folder = Path.Combine(step.Folder, "input");
        S3Source.Copy(listed, folder);
        return folder;
    }
}
