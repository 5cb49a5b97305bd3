using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// A Training step: channels, configuration files, SM_* variables, the program, then model.tar.gz.
/// Contract: CreateTrainingJob and the training toolkit (ENVIRONMENT_VARIABLES.md): a container's own entry point, or script mode.
/// </summary>
internal static class TrainingJob
{
    /// <summary>Of DescribeTrainingJob's FailureReason, in characters.</summary>
    private const int LongestReason = 1024;

    private static readonly string[] OutputFolders = ["/opt/ml/model", "/opt/ml/output/data"];

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        if (Json.Objects(step.Arguments["InputDataConfig"]).GroupBy(c => Json.Text(c["ChannelName"]), StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DefinitionException($"Two channels are called '{twice.Key}'.");
        var channels = Json.Objects(step.Arguments["InputDataConfig"]).ToDictionary(
            c => Json.Text(c["ChannelName"]), c => c, StringComparer.Ordinal);
        var hyperparameters = Json.TextMembers(step.Arguments["HyperParameters"]);
        var metrics = new TrainingMetrics(step);
        // Several hosts of the built-in algorithm make one model of all the data; here one does.
        var hosts = JobHost.Of(step, IsBuiltIn(step, hyperparameters) ? null : step.Arguments["ResourceConfig"]?["InstanceCount"], step.Arguments["AlgorithmSpecification"]);
        string? failed;
        var late = false;
        try
        {
            failed = await JobHost.RunAsync([.. hosts.Select(h => Prepare(step, h, channels, hyperparameters, metrics) with { OnTimeOut = () => late = true })], cancellation);
        }
        finally
        {
            // They outlive a failure, and whoever stops: the next try goes on from there.
            if (Checkpoints(step) is ({ } folderOf, { } kept) && Directory.Exists(hosts[0].Container.Path(folderOf)))
            {
                JobHost.Gather(hosts, folderOf);
                Files.Merge(hosts[0].Container.Left(folderOf), step.Objects.PathOf(kept), hosts[0].Container.Links);
                File.Delete(LeftCheckpoints.RecordOf(step.Folder));
            }
        }

        metrics.ShowLast();
        if (failed is { } failure)
        {
            var reason = hosts.Select(h => Failure(h.Container)).FirstOrDefault(f => f is not null) ?? failure;
            return StepOutcome.Failed(late && HasModel(hosts)
                ? $"{reason}\nWhat it had saved lies at '{Store(step, hosts, metrics.Last)["ModelArtifacts"]!["S3ModelArtifacts"]}'." : reason);
        }

        var isEmpty = !HasModel(hosts);
        var properties = Store(step, hosts, metrics.Last);
        if (isEmpty)
            step.Events.Add(new Notice($"{step.Step.Name}: the program wrote nothing into /opt/ml/model (SM_MODEL_DIR): the model is empty"));
        return new StepOutcome(properties)
        {
            Metrics = metrics.Last,
            Objects = [step.Objects.Describe(Json.Text(properties["ModelArtifacts"]?["S3ModelArtifacts"]))],
        };
    }

    private static StepProcess Prepare(StepContext step, JobHost host, Dictionary<string, JsonObject> channels, Dictionary<string, string> hyperparameters, TrainingMetrics metrics)
    {
        var container = host.Container;
        foreach (var (name, channel) in channels)
            host.Place(channel["DataSource"]?["S3DataSource"], step.Objects, container.Path($"/opt/ml/input/data/{name}"));

        var program = Program(step, container, hyperparameters);
        if (container.IsMounted && hyperparameters.ContainsKey("sagemaker_submit_directory"))
            hyperparameters = new(hyperparameters, StringComparer.Ordinal) { ["sagemaker_submit_directory"] = TrainingEnvironment.CodeFolder };
        var environment = new TrainingEnvironment(step, host, channels, hyperparameters);
        environment.WriteConfig();
        var (checkpoints, kept) = Checkpoints(step);
        foreach (var folder in OutputFolders.Append(checkpoints).Append(TrainingEnvironment.IntermediateFolder))
            container.Make(folder);
        if (kept is not null && host.IsFirst)
            LeftCheckpoints.Record(step.Folder, checkpoints, kept, container.IsMounted);
        if (kept is not null && Directory.Exists(step.Objects.PathOf(kept)))
            Files.Copy(step.Objects.PathOf(kept), container.Path(checkpoints));
        return step.Process(host, program, environment.Variables(), metrics.Read);
    }

    private static bool HasModel(IEnumerable<JobHost> hosts) => hosts.Any(h => h.Container.Left("/opt/ml/model") is var folder && Directory.Exists(folder)
        && Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { IgnoreInaccessible = true }).Any());

    private static bool IsBuiltIn(StepContext step, Dictionary<string, string> hyperparameters) =>
        BuiltInAlgorithms.VersionOf(step.Arguments, hyperparameters) is not null && !step.Execution.Programs.InContainers && step.Arguments["AlgorithmSpecification"]?["ContainerEntrypoint"] is null
        && step.Execution.Programs.StandInOf(JobProgram.ImageOf(step.Arguments["AlgorithmSpecification"])) is null;

    /// <summary>CheckpointConfig: the folder, and where it is kept; null: nowhere.</summary>
    private static (string Folder, string? S3Uri) Checkpoints(StepContext step)
    {
        var config = step.Arguments["CheckpointConfig"];
        return (config?["LocalPath"] is { } path ? Json.Text(path) : "/opt/ml/checkpoints", config?["S3Uri"] is { } uri ? Json.Text(uri) : null);
    }

    private static JobProgram Program(StepContext step, ContainerFolder container, Dictionary<string, string> hyperparameters)
    {
        var program = JobProgram.Of(step, step.Arguments["AlgorithmSpecification"], container);
        var code = CodeOf(step, container, hyperparameters);
        if (program.IsStandIn)
            return program with { Arguments = ["train"] }; // As its image would be told.
        // The image's toolkit finds the code unpacked at its place, as SageMaker's local mode has it.
        if (container.IsMounted)
            return program.Entrypoint.Count + program.Arguments.Count > 0 ? program : program with { Arguments = ["train"] };
        if (NotebookJob.IsOne(program.Entrypoint))
        {
            var (command, folder) = NotebookJob.Of(step, container, hyperparameters);
            return program with { Entrypoint = command, WorkingDirectory = folder };
        }

        if (program.Entrypoint is [var entry, .. var further])
            return program with { Entrypoint = [step.Interpreter(entry), .. further] };
        if (BuiltInAlgorithms.VersionOf(step.Arguments, hyperparameters) is { } version)
            return program with { Entrypoint = [step.Interpreter("python3"), BuiltInAlgorithms.Train(step.Folder), version] };
        if (code is null)
            throw LocalErrors.NoProgram(step.Step.Name, program.Image).ToException();
        return program with { Entrypoint = Script(step, Path.Combine(code, hyperparameters["sagemaker_program"].Trim('"')), new ScriptHyperparameters(hyperparameters).Arguments), WorkingDirectory = code };
    }

    /// <summary>Python runs what is Python; another program runs by itself, as the toolkit's entry_point_type.py has it.</summary>
    private static List<string> Script(StepContext step, string path, IReadOnlyList<string> arguments)
    {
        if (path.EndsWith(".py", StringComparison.Ordinal) || !File.Exists(path))
            return [step.Interpreter("python3"), path, .. arguments];
        if (OperatingSystem.IsWindows())
        {
            return Path.GetExtension(path).ToLowerInvariant() is ".exe" or ".cmd" or ".bat" ? [path, .. arguments]
                : throw LocalErrors.CannotStart(step.Step.Name, Path.GetFileName(path), "Windows starts no program of that form").ToException();
        }

        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
        return ["/bin/sh", "-c", "exec \"$0\" \"$@\"", path, .. arguments];
    }

    /// <summary>Unpacks the code of script mode; null: the job has none.</summary>
    private static string? CodeOf(StepContext step, ContainerFolder container, Dictionary<string, string> hyperparameters)
    {
        if (!hyperparameters.ContainsKey("sagemaker_program") || !hyperparameters.TryGetValue("sagemaker_submit_directory", out var code))
            return null;
        var folder = container.Make(TrainingEnvironment.CodeFolder);
        code = code.Trim('"');
        Archives.Unpack(code.StartsWith("/opt/ml/", StringComparison.Ordinal) ? container.Path(code) : step.Objects.ExistingPathOf(code), folder);
        return folder;
    }

    private static string? Failure(ContainerFolder container) => container.Text("/opt/ml/output/failure", LongestReason)?.Trim() is { Length: > 0 } text ? text : null;

    private static JsonObject Store(StepContext step, IReadOnlyList<JobHost> hosts, IReadOnlyDictionary<string, double> metrics)
    {
        foreach (var folder in OutputFolders)
            JobHost.Gather(hosts, folder);
        var container = hosts[0].Container;
        var output = $"{Json.Text(step.Arguments["OutputDataConfig"]?["S3OutputPath"]).TrimEnd('/')}/{step.JobName}/output";
        // CompressionType NONE: the files as they are.
        var isPacked = Json.Text(step.Arguments["OutputDataConfig"]?["CompressionType"]) != "NONE";
        var model = isPacked ? $"{output}/model.tar.gz" : $"{output}/model/";
        Keep("/opt/ml/model", model);
        if (Directory.EnumerateFileSystemEntries(container.Path("/opt/ml/output/data")).Any())
            Keep("/opt/ml/output/data", isPacked ? $"{output}/output.tar.gz" : $"{output}/data/");
        void Keep(string folder, string uri)
        {
            if (!isPacked)
            {
                Files.Merge(container.Left(folder), step.Objects.PathOf(uri), container.Links);
                return;
            }

            Files.Materialize(container.Left(folder), container.Links);
            Archives.Pack(container.Path(folder), step.Objects.PathOf(uri));
        }

        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["TrainingJobName"] = step.JobName;
        properties["TrainingJobArn"] = LocalArn.Of("training-job", step.JobName);
        properties["TrainingJobStatus"] = "Completed";
        properties["ModelArtifacts"] = new JsonObject { ["S3ModelArtifacts"] = model };
        properties["FinalMetricDataList"] = new JsonArray([.. metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new JsonObject { ["MetricName"] = m.Key, ["Value"] = m.Value })]);
        return properties;
    }
}
