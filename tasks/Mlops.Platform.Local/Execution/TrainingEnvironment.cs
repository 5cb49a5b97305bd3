using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// What a host's training program is told: the files of /opt/ml/input/config and the SM_* variables (ENVIRONMENT_VARIABLES.md of the training toolkit).
/// </summary>
internal sealed class TrainingEnvironment(StepContext step, JobHost host, IReadOnlyDictionary<string, JsonObject> channels, IReadOnlyDictionary<string, string> hyperparameters)
{
    public const string CodeFolder = "/opt/ml/code";

    public const string IntermediateFolder = "/opt/ml/output/intermediate";

    private readonly ContainerFolder container = host.Container;

    private readonly ScriptHyperparameters user = new(hyperparameters);

    public void WriteConfig()
    {
        container.WriteConfig("input/config/hyperparameters.json", Json.OfTexts(hyperparameters));
        container.WriteConfig("input/config/resourceconfig.json", ResourceConfig);
        container.WriteConfig("input/config/inputdataconfig.json", InputDataConfig);
    }

    private JsonObject InputDataConfig => new(channels.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, ChannelConfig(c.Value))));

    private static JsonObject ChannelConfig(JsonObject channel)
    {
        var config = new JsonObject { ["TrainingInputMode"] = channel["InputMode"]?.DeepClone() ?? "File", ["S3DistributionType"] = S3Source.IsSharded(channel["DataSource"]?["S3DataSource"]) ? "ShardedByS3Key" : "FullyReplicated", ["RecordWrapperType"] = "None" };
        if (channel["ContentType"] is { } type)
            config["ContentType"] = type.DeepClone();
        return config;
    }

    private JsonObject ResourceConfig => new()
    {
        ["current_host"] = host.Name,
        ["hosts"] = host.Names,
        ["network_interface_name"] = "lo",
        ["current_instance_type"] = step.Arguments["ResourceConfig"]?["InstanceType"]?.DeepClone(),
    };

    public Dictionary<string, string> Variables()
    {
        var environment = JobEnvironment.Of(step, container, "TRAINING_JOB_NAME");
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
            ["SM_INPUT_DATA_CONFIG"] = InputDataConfig.ToJsonString(),
            ["SM_CURRENT_HOST"] = host.Name,
            ["SM_HOSTS"] = host.Names.ToJsonString(),
            ["SM_NETWORK_INTERFACE_NAME"] = "lo",
            ["SM_NUM_CPUS"] = System.Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            ["SM_NUM_GPUS"] = "0",
            ["SM_NUM_NEURONS"] = "0",
            ["SM_TRAINING_ENV"] = AllInOne(),
            ["SM_RESOURCE_CONFIG"] = ResourceConfig.ToJsonString(),
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

    /// <summary>SM_TRAINING_ENV: all of the others as one JSON document.</summary>
    private string AllInOne()
    {
        return new JsonObject
        {
            ["channel_input_dirs"] = new JsonObject(channels.Keys.Order(StringComparer.Ordinal).Select(c => KeyValuePair.Create<string, JsonNode?>(c, container.Inside($"/opt/ml/input/data/{c}")))),
            ["current_host"] = host.Name,
            ["hosts"] = host.Names,
            ["hyperparameters"] = JsonNode.Parse(user.Json),
            ["input_config_dir"] = container.Inside("/opt/ml/input/config"),
            ["input_data_config"] = InputDataConfig,
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
            ["resource_config"] = ResourceConfig,
        }.ToJsonString();
    }
}
