using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Tests;

/// <summary>Whatever programs leave behind: links, pipes, folders without rights, a line without an end.</summary>
public sealed class OutputTests : StepTestsBase
{
    [SkippableFact]
    public async Task A_model_of_links_and_pipes_is_packed_as_what_they_point_to()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Training("""
            cd $SAGEMAKER_BASE_DIR/model; echo weights > real; ln -s /opt/ml/model/real best; ln -s nowhere broken; mkdir d empty; ln -s . d/self; ln -s .. d/up; mkfifo pipe
            echo run > serve; chmod 755 serve; chmod 500 empty
            """)));

        Assert.Equal("Succeeded", result.Status);
        Archives.Unpack(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single(), folder.File("model"));
        Assert.Equal(["best", "d", "empty", "real", "serve"], new DirectoryInfo(folder.File("model")).EnumerateFileSystemInfos().Select(e => e.Name).Order(StringComparer.Ordinal));
        Assert.Equal("weights\n", File.ReadAllText(folder.File("model/best")));
        if (!OperatingSystem.IsWindows())
            Assert.True(File.GetUnixFileMode(folder.File("model/serve")).HasFlag(UnixFileMode.UserExecute));
    }

    [SkippableFact]
    public async Task A_metric_on_a_last_line_without_an_end_counts_while_a_child_holds_the_output()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Training("(trap '' HUP TERM; exec setsid sleep 30) & printf 'line\nscore=0.5'; echo x > $SAGEMAKER_BASE_DIR/model/model.txt")));

        Assert.Equal("Succeeded", result.Status);
        await using var platform = Open();
        Assert.Equal(0.5, (await platform.Pipelines.NewestAsync("p", 1, whole: false, default)).Single().Metrics["score"]);
    }

    [SkippableTheory]
    [InlineData("""{ "ContinuousParameterRanges": [{ "Name": "depth", "MinValue": "0.5", "MaxValue": "0.1" }] }""", "begins at 0.5 and ends at 0.1")]
    [InlineData("""{ "ContinuousParameterRanges": [{ "Name": "depth", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic" }] }""", "searched by its logarithm")]
    [InlineData("""{ "ContinuousParameterRanges": [{ "Name": "depth", "MinValue": "abc", "MaxValue": "1" }] }""", "'abc' is the bound")]
    [InlineData("""{ "CategoricalParameterRanges": [{ "Name": "depth", "Values": [] }] }""", "has no values")]
    [InlineData("""{ "IntegerParameterRanges": [{ "Name": "depth", "MinValue": "1", "MaxValue": "2" }], "CategoricalParameterRanges": [{ "Name": "depth", "Values": ["1"] }] }""", "'depth' has 2 ranges")]
    public async Task A_range_that_is_none_is_refused_by_its_name(string ranges, string expected)
    {
        NeedsShell();
        var refused = await Assert.ThrowsAsync<PlatformException>(() => RunAsync(Pipeline(Tuning("Random", JsonNode.Parse(ranges)!.AsObject()))));

        Assert.Contains(expected, refused.Problem.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("0")]
    [InlineData("\"2\"")]
    public async Task A_number_of_instances_that_is_none_is_refused(string count)
    {
        NeedsShell();
        var step = Training("true");
        step["Arguments"]!["ResourceConfig"] = new JsonObject { ["InstanceCount"] = JsonNode.Parse(count) };

        Assert.Contains("'InstanceCount' is a whole number", (await Assert.ThrowsAsync<PlatformException>(() => RunAsync(Pipeline(step)))).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("accuracy,error", "accuracy")]
    [InlineData("f1", "f1")]
    [InlineData("mse", "mse")]
    public async Task The_built_in_algorithm_measures_what_its_container_measures(string metrics, string metric)
    {
        var python = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(p => Conformance.Run(p, "-c", "import xgboost").ExitCode == 0);
        Skip.If(python is null, "xgboost is not installed.");
        folder.Write(".mlops/s3/local/rows/rows.csv", string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 2},{i % 2},{i}\n")));
        var step = Training("");
        step["Arguments"]!["AlgorithmSpecification"] = new JsonObject
        {
            ["TrainingImage"] = "local/xgboost:1.7-1",
            ["MetricDefinitions"] = new JsonArray(new JsonObject { ["Name"] = "found", ["Regex"] = $"#011validation-{metric}:([0-9.]+)" }),
        };
        step["Arguments"]!["HyperParameters"] = new JsonObject { ["objective"] = metric == "mse" ? "reg:squarederror" : "binary:logistic", ["num_round"] = "20", ["eval_metric"] = metrics, ["early_stopping_rounds"] = "15" };
        step["Arguments"]!["InputDataConfig"] = new JsonArray([.. new[] { "train", "validation" }.Select(c => new JsonObject
        {
            ["ChannelName"] = c, ["ContentType"] = "text/csv", ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3DataType"] = "S3Prefix", ["S3Uri"] = "s3://local/rows" } },
        })]);

        var workspace = Workspace(Pipeline(step));
        var result = await RunAsync(workspace with { Deployment = workspace.Deployment with { Local = new LocalSettings { Interpreters = new Dictionary<string, string> { ["python3"] = python! } } } });

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        await using var platform = Open();
        var found = (await platform.Pipelines.NewestAsync("p", 1, whole: false, default)).Single().Metrics["found"];
        // The target is a column: the errors are none, and all else is 1.
        Assert.InRange(found, metric == "mse" ? 0 : 1, metric == "mse" ? 0.01 : 1);
    }
}
