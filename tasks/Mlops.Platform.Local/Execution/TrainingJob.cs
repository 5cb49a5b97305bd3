using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
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
internal static partial class TrainingJob
{
    private const string CodeFolder = "/opt/ml/code";

    private static readonly string[] OutputFolders = ["/opt/ml/model", "/opt/ml/output/data"];

    private const string IntermediateFolder = "/opt/ml/output/intermediate";

    private static readonly TimeSpan RegexLimit = TimeSpan.FromMilliseconds(100);

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        if (Json.Objects(step.Arguments["InputDataConfig"]).GroupBy(c => StepContext.Text(c["ChannelName"]), StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DefinitionException($"Two channels are called '{twice.Key}'.");
        var channels = Json.Objects(step.Arguments["InputDataConfig"]).ToDictionary(
            c => StepContext.Text(c["ChannelName"]), c => c, StringComparer.Ordinal);
        var hyperparameters = Json.TextMembers(step.Arguments["HyperParameters"]);
        var metrics = new MetricReader(step);
        var hosts = JobHost.Of(step, step.Arguments["ResourceConfig"]?["InstanceCount"], step.Arguments["AlgorithmSpecification"]);
        string? failed;
        try
        {
            failed = await JobHost.RunAsync([.. hosts.Select(h => Prepare(step, h, channels, hyperparameters, metrics))], cancellation);
        }
        finally
        {
            // They outlive a failure, and whoever stops: the next try goes on from there.
            if (Checkpoints(step) is ({ } folderOf, { } kept) && Directory.Exists(hosts[0].Container.Path(folderOf)))
            {
                JobHost.Gather(hosts, folderOf);
                Files.Merge(hosts[0].Container.Path(folderOf), step.Objects.PathOf(kept), hosts[0].Container.Resolve);
                File.Delete(LeftCheckpoints.RecordOf(step.Folder));
            }
        }

        metrics.ShowLast();
        if (failed is { } failure)
            return StepOutcome.Failed(hosts.Select(h => Failure(h.Container)).FirstOrDefault(f => f is not null) ?? failure);
        foreach (var folder in OutputFolders)
            JobHost.Gather(hosts, folder);
        var properties = Store(step, hosts[0].Container, metrics.Last);
        return new StepOutcome(properties)
        {
            Metrics = metrics.Last,
            Objects = [step.Objects.Describe(StepContext.Text(properties["ModelArtifacts"]?["S3ModelArtifacts"]))],
        };
    }

    private static StepProcess Prepare(StepContext step, JobHost host, Dictionary<string, JsonObject> channels, Dictionary<string, string> hyperparameters, MetricReader metrics)
    {
        var container = host.Container;
        foreach (var (name, channel) in channels)
            host.Place(channel["DataSource"]?["S3DataSource"], step.Objects, container.Path($"/opt/ml/input/data/{name}"));

        var program = Program(step, container, hyperparameters);
        if (container.IsMounted && hyperparameters.ContainsKey("sagemaker_submit_directory"))
            hyperparameters = new(hyperparameters, StringComparer.Ordinal) { ["sagemaker_submit_directory"] = CodeFolder };
        WriteConfig(host, step, channels, hyperparameters);
        var (checkpoints, kept) = Checkpoints(step);
        foreach (var folder in OutputFolders.Append(checkpoints).Append(IntermediateFolder))
            container.Make(folder);
        if (kept is not null && host.IsFirst)
            LeftCheckpoints.Record(step.Folder, container.Path(checkpoints), kept);
        if (kept is not null && Directory.Exists(step.Objects.PathOf(kept)))
            Files.Copy(step.Objects.PathOf(kept), container.Path(checkpoints));
        return step.Process(host, program, Environment(step, host, channels, hyperparameters), metrics.Read);
    }

    /// <summary>CheckpointConfig: the folder, and where it is kept; null: nowhere.</summary>
    private static (string Folder, string? S3Uri) Checkpoints(StepContext step)
    {
        var config = step.Arguments["CheckpointConfig"];
        return (config?["LocalPath"] is { } path ? StepContext.Text(path) : "/opt/ml/checkpoints", config?["S3Uri"] is { } uri ? StepContext.Text(uri) : null);
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
        if (BuiltIn(step.Arguments, hyperparameters) is { } version)
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
        var folder = container.Make(CodeFolder);
        code = code.Trim('"');
        Archives.Unpack(code.StartsWith("/opt/ml/", StringComparison.Ordinal) ? container.Path(code) : step.Objects.ExistingPathOf(code), folder);
        return folder;
    }

    /// <summary>The version of the algorithm where the image has the program and nobody gives another one; else null.</summary>
    private static string? BuiltIn(JsonObject job, Dictionary<string, string> hyperparameters) =>
        hyperparameters.ContainsKey("sagemaker_program") ? null : BuiltInAlgorithms.XgboostVersion(StepContext.Text(job["AlgorithmSpecification"]?["TrainingImage"]));

    private static void WriteConfig(JobHost host, StepContext step, Dictionary<string, JsonObject> channels, Dictionary<string, string> hyperparameters)
    {
        var container = host.Container;
        container.WriteConfig("input/config/hyperparameters.json", Json.OfTexts(hyperparameters));
        container.WriteConfig("input/config/resourceconfig.json", ResourceConfig(step, host));
        container.WriteConfig("input/config/inputdataconfig.json", InputDataConfig(channels));
    }

    private static JsonObject InputDataConfig(Dictionary<string, JsonObject> channels) => new(channels.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, ChannelConfig(c.Value))));

    private static JsonObject ChannelConfig(JsonObject channel)
    {
        var config = new JsonObject { ["TrainingInputMode"] = channel["InputMode"]?.DeepClone() ?? "File", ["S3DistributionType"] = S3Source.IsSharded(channel["DataSource"]?["S3DataSource"]) ? "ShardedByS3Key" : "FullyReplicated", ["RecordWrapperType"] = "None" };
        if (channel["ContentType"] is { } type)
            config["ContentType"] = type.DeepClone();
        return config;
    }

    private static JsonObject ResourceConfig(StepContext step, JobHost host) => new()
    {
        ["current_host"] = host.Name,
        ["hosts"] = host.Names,
        ["network_interface_name"] = "lo",
        ["current_instance_type"] = step.Arguments["ResourceConfig"]?["InstanceType"]?.DeepClone(),
    };

    private static Dictionary<string, string> Environment(StepContext step, JobHost host, Dictionary<string, JsonObject> channels, Dictionary<string, string> hyperparameters)
    {
        var container = host.Container;
        var environment = JobEnvironment.Of(step, container, "TRAINING_JOB_NAME");
        var user = new ScriptHyperparameters(hyperparameters);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["SM_MODEL_DIR"] = container.Inside("/opt/ml/model"),
            ["SM_INPUT_DIR"] = container.Inside("/opt/ml/input"),
            ["SM_INPUT_CONFIG_DIR"] = container.Inside("/opt/ml/input/config"),
            ["SM_OUTPUT_DIR"] = container.Inside("/opt/ml/output"),
            ["SM_OUTPUT_DATA_DIR"] = container.Inside("/opt/ml/output/data"),
            ["SM_OUTPUT_INTERMEDIATE_DIR"] = container.Inside(IntermediateFolder),
            ["SM_CHANNELS"] = new JsonArray([.. channels.Keys.Order(StringComparer.Ordinal).Select(c => JsonValue.Create(c))]).ToJsonString(),
            ["SM_HPS"] = user.Json,
            ["SM_USER_ARGS"] = new JsonArray([.. user.Arguments.Select(a => JsonValue.Create(a))]).ToJsonString(),
            ["SM_INPUT_DATA_CONFIG"] = InputDataConfig(channels).ToJsonString(),
            ["SM_CURRENT_HOST"] = host.Name,
            ["SM_HOSTS"] = host.Names.ToJsonString(),
            ["SM_NETWORK_INTERFACE_NAME"] = "lo",
            ["SM_NUM_CPUS"] = System.Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            ["SM_NUM_GPUS"] = "0",
            ["SM_NUM_NEURONS"] = "0",
            ["SM_TRAINING_ENV"] = TrainingEnvironment(step, host, channels, user),
            ["SM_RESOURCE_CONFIG"] = ResourceConfig(step, host).ToJsonString(),
            ["SM_LOG_LEVEL"] = "20",
        })
        {
            environment[name] = value;
        }

        foreach (var channel in channels.Keys)
            environment[$"SM_CHANNEL_{channel.ToUpperInvariant()}"] = container.Inside($"/opt/ml/input/data/{channel}");
        foreach (var (name, value) in user.Variables)
            environment[name] = value;
        // Modules of a script in a folder of its own lie beside it.
        if (hyperparameters.ContainsKey("sagemaker_program") && !container.IsMounted)
            environment["PYTHONPATH"] = string.Join(Path.PathSeparator, new[] { container.Inside(CodeFolder), environment.GetValueOrDefault("PYTHONPATH") }.OfType<string>());
        return environment;
    }

    /// <summary>SM_TRAINING_ENV: all of the others as one JSON document (ENVIRONMENT_VARIABLES.md of the training toolkit).</summary>
    private static string TrainingEnvironment(StepContext step, JobHost host, Dictionary<string, JsonObject> channels, ScriptHyperparameters user)
    {
        var container = host.Container;
        return new JsonObject
        {
            ["channel_input_dirs"] = new JsonObject(channels.Keys.Order(StringComparer.Ordinal).Select(c => KeyValuePair.Create<string, JsonNode?>(c, container.Inside($"/opt/ml/input/data/{c}")))),
            ["current_host"] = host.Name,
            ["hosts"] = host.Names,
            ["hyperparameters"] = JsonNode.Parse(user.Json),
            ["input_config_dir"] = container.Inside("/opt/ml/input/config"),
            ["input_data_config"] = InputDataConfig(channels),
            ["input_dir"] = container.Inside("/opt/ml/input"),
            ["is_master"] = host.IsFirst,
            ["job_name"] = step.JobName,
            ["log_level"] = 20,
            ["master_hostname"] = "algo-1",
            ["model_dir"] = container.Inside("/opt/ml/model"),
            ["network_interface_name"] = "lo",
            ["num_cpus"] = System.Environment.ProcessorCount,
            ["num_gpus"] = 0,
            ["num_neurons"] = 0,
            ["output_data_dir"] = container.Inside("/opt/ml/output/data"),
            ["output_dir"] = container.Inside("/opt/ml/output"),
            ["output_intermediate_dir"] = container.Inside(IntermediateFolder),
            ["resource_config"] = ResourceConfig(step, host),
        }.ToJsonString();
    }

    private static string? Failure(ContainerFolder container)
    {
        var file = container.Path("/opt/ml/output/failure");
        return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } text ? text[..Math.Min(text.Length, 1024)] : null;
    }

    private static JsonObject Store(StepContext step, ContainerFolder container, IReadOnlyDictionary<string, double> metrics)
    {
        var output = $"{StepContext.Text(step.Arguments["OutputDataConfig"]?["S3OutputPath"]).TrimEnd('/')}/{step.JobName}/output";
        // CompressionType NONE: the files as they are.
        var isPacked = StepContext.Text(step.Arguments["OutputDataConfig"]?["CompressionType"]) != "NONE";
        var model = isPacked ? $"{output}/model.tar.gz" : $"{output}/model/";
        Keep("/opt/ml/model", model);
        if (Directory.EnumerateFileSystemEntries(container.Path("/opt/ml/output/data")).Any())
            Keep("/opt/ml/output/data", isPacked ? $"{output}/output.tar.gz" : $"{output}/data/");
        void Keep(string folder, string uri)
        {
            if (!isPacked)
            {
                Files.Merge(container.Path(folder), step.Objects.PathOf(uri), container.Resolve);
                return;
            }

            Files.Materialize(container.Path(folder), container.Resolve);
            Archives.Pack(container.Path(folder), step.Objects.PathOf(uri));
        }

        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["TrainingJobName"] = step.JobName;
        properties["TrainingJobArn"] = $"arn:aws:sagemaker:local:000000000000:training-job/{step.JobName}";
        properties["TrainingJobStatus"] = "Completed";
        properties["ModelArtifacts"] = new JsonObject { ["S3ModelArtifacts"] = model };
        properties["FinalMetricDataList"] = new JsonArray([.. metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new JsonObject { ["MetricName"] = m.Key, ["Value"] = m.Value })]);
        return properties;
    }

    /// <summary>Finds metrics in the log by the job's regular expressions; the last value of each counts.</summary>
    private sealed partial class MetricReader(StepContext step)
    {
        private readonly List<(string Name, Regex Form)> definitions = [.. Json.Objects(step.Arguments["AlgorithmSpecification"]?["MetricDefinitions"])
            .Select(d => (StepContext.Text(d["Name"]), Compile(StepContext.Text(d["Name"]), StepContext.Text(d["Regex"]))))];

        private static Regex Compile(string metric, string regex)
        {
            try
            {
                return new Regex(regex, RegexOptions.CultureInvariant, RegexLimit);
            }
            catch (ArgumentException e)
            {
                throw new DefinitionException($"The regular expression of the metric '{metric}' cannot be read: {e.Message}");
            }
        }

        /// <summary>A metric of every round is no news every time.</summary>
        private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(5);

        private readonly Stopwatch since = Stopwatch.StartNew();
        private readonly Dictionary<string, (TimeSpan When, double Value)> shown = new(StringComparer.Ordinal);

        /// <summary>A built-in algorithm's metrics are known without definitions.</summary>
        private readonly bool builtIn = BuiltIn(step.Arguments, Json.TextMembers(step.Arguments["HyperParameters"])) is not null;

        public Dictionary<string, double> Last { get; } = new(StringComparer.Ordinal);

        public void Read(string line)
        {
            if (builtIn)
            {
                foreach (Match metric in BuiltInMetric().Matches(line))
                    Add($"{metric.Groups["channel"].Value}:{metric.Groups["name"].Value}", metric.Groups["value"].Value);
            }

            foreach (var (name, form) in definitions)
            {
                Match match;
                try
                {
                    match = form.Match(line);
                }
                catch (RegexMatchTimeoutException)
                {
                    continue;
                }

                // The first group ("Define training metrics"); further ones are the expression's own business.
                if (match.Success)
                    Add(name, match.Groups[Math.Min(1, match.Groups.Count - 1)].Value);
            }
        }

        private void Add(string name, string text)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
                return;
            step.OnMetric?.Invoke(name, value);
            // Hosts write at once.
            lock (Last)
            {
                Last[name] = value;
                if (since.Elapsed < shown.GetValueOrDefault(name).When + ShowEvery)
                    return;
                shown[name] = (since.Elapsed, value);
            }

            step.Events.Add(new MetricMeasured(step.Step.Name, name, value));
        }

        /// <summary>The values that count, where they were not shown.</summary>
        public void ShowLast()
        {
            foreach (var (name, value) in Last.Where(m => !shown.TryGetValue(m.Key, out var last) || !last.Value.Equals(m.Value)))
                step.Events.Add(new MetricMeasured(step.Step.Name, name, value));
        }

        [GeneratedRegex("#011(?<channel>train|validation)-(?<name>[^:#]+):(?<value>[^#]+)")]
        private static partial Regex BuiltInMetric();
    }
}
