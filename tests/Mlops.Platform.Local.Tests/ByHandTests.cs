using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Local.Tests;

/// <summary>The same programs, run by the engine and by a plain script that makes their folders and starts one after the other.</summary>
public sealed class ByHandTests : IDisposable
{
    private const string Prepare = "sort $SAGEMAKER_BASE_DIR/processing/input/rows/rows.txt > $SAGEMAKER_BASE_DIR/processing/output/train/train.txt; head -c 4096 /dev/zero > $SAGEMAKER_BASE_DIR/processing/output/train/zeros.bin";
    private const string Train = "{ echo depth $SM_HP_DEPTH; cat $SM_CHANNEL_TRAIN/train.txt; } > $SM_MODEL_DIR/model.txt; cp $SM_CHANNEL_TRAIN/zeros.bin $SM_MODEL_DIR/";
    private const string Evaluate = "mkdir $SAGEMAKER_BASE_DIR/m && tar xzf $SAGEMAKER_BASE_DIR/processing/input/model/model.tar.gz -C $SAGEMAKER_BASE_DIR/m && wc -c < $SAGEMAKER_BASE_DIR/m/model.txt | tr -d ' ' > $SAGEMAKER_BASE_DIR/processing/output/report/report.txt";

    private readonly TemporaryFolder folder = TestFolder.Temporary();

    [SkippableFact]
    public async Task The_engine_makes_the_same_artifacts_byte_for_byte()
    {
        Skip.IfNot(File.Exists("/bin/sh"), "There is no /bin/sh.");
        folder.Write(".mlops/s3/local/rows/rows.txt", "c\nü\na\nb\n");

        await RunByEngineAsync();
        RunByHand();

        Assert.Equal(Contents(folder.File("hand/prepare/ml/processing/output/train")), Contents(folder.File(".mlops/s3/local/out/train")));
        Assert.Equal(Contents(folder.File("hand/evaluate/ml/processing/output/report")), Contents(folder.File(".mlops/s3/local/out/report")));
        var model = Directory.GetFiles(folder.File(".mlops/s3/local/models"), "model.tar.gz", SearchOption.AllDirectories).Single();
        Archives.Unpack(model, Directory.CreateDirectory(folder.File("unpacked")).FullName);
        Assert.Equal(Contents(folder.File("hand/train/ml/model")), Contents(folder.File("unpacked")));
    }

    public void Dispose() => folder.Dispose();

    private static List<string> Contents(string root) =>
        [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{Path.GetRelativePath(root, f)} {Convert.ToHexString(File.ReadAllBytes(f))}")];

    private async Task RunByEngineAsync()
    {
        var definition = PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject
        {
            ["Steps"] = new JsonArray(
                Processing("prepare", Prepare, "rows", "s3://local/rows", "train"),
                new JsonObject
                {
                    ["Name"] = "train",
                    ["Type"] = "Training",
                    ["Arguments"] = new JsonObject
                    {
                        ["AlgorithmSpecification"] = new JsonObject { ["TrainingImage"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", Train) },
                        ["InputDataConfig"] = new JsonArray(new JsonObject { ["ChannelName"] = "train", ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = new JsonObject { ["Get"] = "Steps.prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri" } } } }),
                        ["OutputDataConfig"] = new JsonObject { ["S3OutputPath"] = "s3://local/models" },
                        ["HyperParameters"] = new JsonObject { ["depth"] = "6" },
                    },
                },
                Processing("evaluate", Evaluate, "model", new JsonObject { ["Get"] = "Steps.train.ModelArtifacts.S3ModelArtifacts" }, "report")),
        }.ToJsonString()));
        var workspace = new Workspace
        {
            Repository = folder.Path,
            Artifacts = folder.Path,
            Pipeline = definition,
            Deployment = new DeploymentDefinition { ModelName = "m", PipelineName = "p", ModelPackageGroupName = "m", ConfigFile = "config.yaml", ConfigSha256 = "", Prefix = "m" },
        };
        var events = new Recorder();
        await using var platform = LocalPlatform.Open(workspace, new ServerProgram(["false"], "test"), events);
        await PublishVerb.RunAsync(new VerbContext(workspace, platform, events), default);
        var result = await platform.Pipelines.RunAsync(workspace, new RunRequest(), default);
        Assert.True(result.Status == "Succeeded", result.FailureReason);
    }

    private static JsonObject Processing(string name, string script, string input, JsonNode uri, string output) => new()
    {
        ["Name"] = name,
        ["Type"] = "Processing",
        ["Arguments"] = new JsonObject
        {
            ["AppSpecification"] = new JsonObject { ["ImageUri"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script) },
            ["ProcessingInputs"] = new JsonArray(new JsonObject { ["InputName"] = input, ["S3Input"] = new JsonObject { ["S3Uri"] = uri, ["LocalPath"] = $"/opt/ml/processing/input/{input}" } }),
            ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = output, ["S3Output"] = new JsonObject { ["S3Uri"] = $"s3://local/out/{output}", ["LocalPath"] = $"/opt/ml/processing/output/{output}" } }) },
        },
    };

    private void RunByHand()
    {
        folder.Write("by-hand.sh", $$"""
            set -e
            cd "$1"
            mkdir -p hand/prepare/ml/processing/input/rows hand/prepare/ml/processing/output/train hand/train/ml/input/data/train hand/train/ml/model
            mkdir -p hand/evaluate/ml/processing/input/model hand/evaluate/ml/processing/output/report
            cp .mlops/s3/local/rows/* hand/prepare/ml/processing/input/rows/
            SAGEMAKER_BASE_DIR=$PWD/hand/prepare/ml /bin/sh -c '{{Prepare}}'
            cp hand/prepare/ml/processing/output/train/* hand/train/ml/input/data/train/
            SM_HP_DEPTH=6 SM_CHANNEL_TRAIN=$PWD/hand/train/ml/input/data/train SM_MODEL_DIR=$PWD/hand/train/ml/model /bin/sh -c '{{Train}}'
            tar czf hand/evaluate/ml/processing/input/model/model.tar.gz -C hand/train/ml/model .
            SAGEMAKER_BASE_DIR=$PWD/hand/evaluate/ml /bin/sh -c '{{Evaluate.Replace("'", "'\\''", StringComparison.Ordinal)}}'
            """);
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", [folder.File("by-hand.sh"), folder.Path]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}
