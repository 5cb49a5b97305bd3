using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Local.Tests;

/// <summary>Pipelines of steps with real programs, and what they run on.</summary>
public abstract class StepTestsBase : IDisposable
{
    private protected readonly TemporaryFolder folder = TestFolder.Temporary();
    private protected readonly Recorder events = new();

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static JsonObject Training(string script) => new() { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = Job(script), ["CacheConfig"] = new JsonObject { ["Enabled"] = true } };

    private protected static JsonObject Job(string script) => new()
    {
        ["AlgorithmSpecification"] = new JsonObject
        {
            ["TrainingImage"] = "any",
            ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script),
            ["MetricDefinitions"] = new JsonArray(new JsonObject { ["Name"] = "score", ["Regex"] = "score=([0-9.]+)" }),
        },
        ["OutputDataConfig"] = new JsonObject { ["S3OutputPath"] = "s3://local/tuned" },
    };

    private protected static JsonObject Tuning(string strategy, JsonObject ranges, string script = "echo \"score=$SM_HP_DEPTH\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt") => new()
    {
        ["Name"] = "train",
        ["Type"] = "Tuning",
        ["Arguments"] = new JsonObject
        {
            ["HyperParameterTuningJobConfig"] = new JsonObject
            {
                ["Strategy"] = strategy,
                ["HyperParameterTuningJobObjective"] = new JsonObject { ["Type"] = "Maximize", ["MetricName"] = "score" },
                ["ResourceLimits"] = new JsonObject { ["MaxNumberOfTrainingJobs"] = 4, ["MaxParallelTrainingJobs"] = 2 },
                ["ParameterRanges"] = ranges,
            },
            ["TrainingJobDefinition"] = Job(script),
        },
        ["CacheConfig"] = new JsonObject { ["Enabled"] = true },
    };

    private protected static JsonObject Register() => new()
    {
        ["Name"] = "register",
        ["Type"] = "RegisterModel",
        ["Arguments"] = new JsonObject
        {
            ["ModelPackageGroupName"] = "models",
            ["InferenceSpecification"] = new JsonObject
            {
                ["Containers"] = new JsonArray(new JsonObject { ["ModelDataUrl"] = Expression.Joined("/", [JsonValue.Create("s3://local/tuned"), Expression.Reference("Steps.train.TrainingJobSummaries[0].TrainingJobName"), JsonValue.Create("output/model.tar.gz")]) }),
            },
        },
    };

    private protected static JsonObject Model() => new()
    {
        ["Name"] = "create-model",
        ["Type"] = "Model",
        ["Arguments"] = new JsonObject
        {
            ["PrimaryContainer"] = new JsonObject
            {
                ["Image"] = "any",
                ["ModelDataUrl"] = Expression.Reference("Steps.train.ModelArtifacts.S3ModelArtifacts"),
                ["Environment"] = new JsonObject { ["SAGEMAKER_PROGRAM"] = "inference.py", ["SAGEMAKER_SUBMIT_DIRECTORY"] = "s3://local/code/sourcedir.tar.gz" },
            },
        },
    };

    private protected static JsonObject Transform(JsonObject? processing)
    {
        var arguments = new JsonObject
        {
            ["ModelName"] = Expression.Reference("Steps.create-model.ModelName"),
            ["TransformInput"] = new JsonObject { ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3DataType"] = "S3Prefix", ["S3Uri"] = "s3://local/rows" } }, ["ContentType"] = "text/csv", ["SplitType"] = "Line" },
            ["TransformOutput"] = new JsonObject { ["S3OutputPath"] = Expression.Joined("/", [JsonValue.Create("s3://local/runs"), Expression.Reference("Execution.PipelineExecutionId"), JsonValue.Create("predictions")]), ["Accept"] = "text/csv", ["AssembleWith"] = "Line" },
        };
        if (processing is not null)
            arguments["DataProcessing"] = processing;
        return new JsonObject { ["Name"] = "score", ["Type"] = "Transform", ["Arguments"] = arguments, ["CacheConfig"] = new JsonObject { ["Enabled"] = true } };
    }

    private protected static PipelineDefinition Pipeline(params JsonNode[] steps) => PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["Steps"] = new JsonArray([.. steps.Select(s => s.DeepClone())]) }.ToJsonString()));

    private protected void Code(string name, string text)
    {
        folder.Write("code/" + name, text);
        Archives.Pack(folder.File("code"), folder.File(".mlops/s3/local/code/sourcedir.tar.gz"));
    }

    private protected static string Unpacked(string archive)
    {
        using var target = TestFolder.Temporary();
        Archives.Unpack(archive, target.Path);
        return File.ReadAllText(target.File("model.txt"));
    }

    private protected Task<ExecutionResult> RunAsync(PipelineDefinition definition, params (string Target, string Command)[] standIns) => RunAsync(Workspace(definition, standIns));

    private protected async Task<ExecutionResult> RunAsync(Workspace workspace)
    {
        await using var platform = LocalPlatform.Open(workspace, new ServerProgram(["false"], "test"), events);
        await PublishVerb.RunAsync(new VerbContext(workspace, platform, events), default);
        return await platform.Pipelines.RunAsync(workspace, new RunRequest(), default);
    }

    private protected LocalPlatform Open() => LocalPlatform.Open(Workspace(Pipeline()), new ServerProgram(["false"], "test"), events);

    private protected Workspace Workspace(PipelineDefinition definition, params (string Target, string Command)[] standIns) => new()
    {
        Repository = folder.Path,
        Artifacts = folder.Path,
        Pipeline = definition,
        Deployment = new DeploymentDefinition
        {
            ModelName = "m",
            PipelineName = "p",
            ModelPackageGroupName = "models",
            ConfigFile = "config.yaml",
            ConfigSha256 = "of no file",
            Prefix = "m",
            Local = new LocalSettings { StandIns = standIns.ToDictionary(s => s.Target, s => s.Command) },
        },
    };

    private protected static void NeedsShell() => Skip.IfNot(File.Exists("/bin/sh"), "There is no /bin/sh.");

    private protected static void NeedsPython()
    {
        NeedsShell();
        Skip.IfNot(Processes.Programs.Find("python3") is not null, "python3 is not installed.");
    }

    /// <summary>Where the store of a folder keeps a URI.</summary>
    private protected sealed class LocalObjectStorePath(TemporaryFolder folder)
    {
        public string Of(string uri) => folder.File(".mlops/s3/" + uri["s3://".Length..]);
    }
}
