using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Tests;

/// <summary>What makes a step another one, so that no earlier result is its own.</summary>
public sealed class CacheTests : StepTestsBase
{
    private static readonly JsonObject Depths = new() { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5") }) };

    /// <summary>Hyperparameters of SageMaker's Python SDK are JSON in texts: the URI stands in quotes.</summary>
    [SkippableFact]
    public async Task Code_counts_by_its_content_where_its_URI_stands_in_quotes()
    {
        NeedsPython();
        var job = Job("");
        (job["AlgorithmSpecification"] as JsonObject)!.Remove("ContainerEntrypoint");
        job["HyperParameters"] = new JsonObject { ["sagemaker_program"] = "\"train.sh\"", ["sagemaker_submit_directory"] = "\"s3://local/code/sourcedir.tar.gz\"" };
        var pipeline = Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job, ["CacheConfig"] = new JsonObject { ["Enabled"] = true } }, Register("Steps.train.ModelArtifacts.S3ModelArtifacts"));

        foreach (var word in new[] { "one", "two", "two" })
        {
            Code("train.sh", $"#!/bin/sh\nprintf {word} > $SM_MODEL_DIR/model.txt\n");
            Assert.Equal("Succeeded", (await RunAsync(pipeline)).Status);
        }

        Assert.Equal(["one", "two"], Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Select(Unpacked).Order(StringComparer.Ordinal));
    }

    [SkippableTheory]
    [InlineData("\"s3://local/rows\"")]
    [InlineData("""{ "Std:Join": { "On": "/", "Values": ["s3:/", { "Get": "Parameters.bucket" }, "rows"] } }""")]
    public async Task New_data_of_a_tuning_is_no_unchanged_run(string uri)
    {
        NeedsShell();
        var tuning = Tuning("Grid", (JsonObject)Depths.DeepClone(), "cp $SM_CHANNEL_TRAIN/a.csv $SAGEMAKER_BASE_DIR/model/model.txt; echo \"score=$SM_HP_DEPTH\"");
        tuning["Arguments"]!["TrainingJobDefinition"]!["InputDataConfig"] = new JsonArray(new JsonObject { ["ChannelName"] = "train", ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3DataType"] = "S3Prefix", ["S3Uri"] = JsonNode.Parse(uri) } } });
        var pipeline = Pipeline(tuning, Register()) with { Parameters = [new PipelineParameter("bucket", "String", "local", [])] };

        var versions = new List<int?>();
        foreach (var rows in new[] { "1", "1", "2" })
        {
            folder.Write(".mlops/s3/local/rows/a.csv", rows);
            versions.Add((await RunAsync(pipeline)).Version);
        }

        Assert.Equal([1, 1, 2], versions);
    }

    /// <summary>A run of the same content stands for another, unless what it does is a matter of when it is.</summary>
    [SkippableTheory]
    [InlineData("Execution.PipelineName", true, false)]
    [InlineData("Execution.StartDateTime", true, true)]
    [InlineData("Execution.PipelineExecutionId", true, true)]
    [InlineData("Execution.PipelineExecutionId", false, false)]
    public async Task A_definition_that_depends_on_its_time_or_id_is_run_where_a_deploy_goes_by_content(string variable, bool alone, bool runs)
    {
        NeedsShell();
        var tuning = Tuning("Grid", (JsonObject)Depths.DeepClone());
        tuning["Arguments"]!["TrainingJobDefinition"]!["Environment"] = new JsonObject { ["OF_RUN"] = new JsonObject { ["Get"] = variable } };
        var pipeline = Pipeline(tuning, Register());

        Assert.True((await RunAsync(Workspace(pipeline) with { IsDefinitionAlone = alone })).Ran);
        Assert.Equal(runs, (await RunAsync(Workspace(pipeline) with { IsDefinitionAlone = alone })).Ran);
    }

    [SkippableFact]
    public async Task A_run_whose_outputs_are_gone_is_run()
    {
        NeedsShell();
        var pipeline = Pipeline(Tuning("Grid", (JsonObject)Depths.DeepClone()), Writes("evaluate", "{}"), Register());
        Assert.True((await RunAsync(pipeline)).Ran);
        Assert.False((await RunAsync(pipeline)).Ran);

        Directory.Delete(folder.File(".mlops/s3/local/place"), recursive: true);

        Assert.True((await RunAsync(pipeline)).Ran);
        Assert.True(File.Exists(folder.File(".mlops/s3/local/place/a.txt")));
    }

    /// <summary>As definitions of SageMaker's SDK name the report of an evaluation: outright, at the place that a step writes to.</summary>
    [SkippableFact]
    public async Task What_the_pipeline_itself_wrote_makes_no_other_run()
    {
        NeedsShell();
        var register = Register();
        register["Arguments"]!["ModelMetrics"] = new JsonObject { ["ModelQuality"] = new JsonObject { ["Statistics"] = new JsonObject { ["S3Uri"] = "s3://local/place/a.txt", ["ContentType"] = "application/json" } } };
        register["DependsOn"] = new JsonArray("evaluate");
        var pipeline = Pipeline(Tuning("Grid", (JsonObject)Depths.DeepClone()), Writes("evaluate", "{}"), register);

        Assert.True((await RunAsync(pipeline)).Ran);
        Assert.False((await RunAsync(pipeline)).Ran);
    }

    [SkippableFact]
    public async Task What_a_step_of_another_name_wrote_to_its_place_is_no_cached_result()
    {
        NeedsShell();
        (string Name, string Word, string Written)[] runs = [("first", "one", "one"), ("renamed", "two", "two"), ("first", "one", "one"), ("again", "one", "one")];
        foreach (var (name, word, written) in runs)
        {
            events.Clear();
            Assert.Equal("Succeeded", (await RunAsync(Pipeline(Writes(name, word)))).Status);
            Assert.Equal(written, File.ReadAllText(folder.File(".mlops/s3/local/place/a.txt")));
        }

        Assert.Contains(events.All, e => e is Mlops.Platform.Events.StepChanged { Step: "again", Cached: true });
    }

    [SkippableFact]
    public async Task A_check_that_is_to_fail_on_violations_is_another_one()
    {
        NeedsShell();
        folder.Write("analyzer.sh", "echo '{\"violations\":[{}]}' > $SAGEMAKER_BASE_DIR/processing/out/constraint_violations.json");
        var analyzer = ("analyzer:1", "sh analyzer.sh");
        Assert.Equal("Succeeded", (await RunAsync(Pipeline(Check(false)), analyzer)).Status);
        Assert.Equal("Succeeded", (await RunAsync(Pipeline(Check(false)), analyzer)).Status);

        Assert.Equal("Failed", (await RunAsync(Pipeline(Check(true)), analyzer)).Status);

        static JsonObject Check(bool fails) => new()
        {
            ["Name"] = "check",
            ["Type"] = "QualityCheck",
            ["FailOnViolation"] = fails,
            ["Arguments"] = new JsonObject
            {
                ["AppSpecification"] = new JsonObject { ["ImageUri"] = "analyzer:1" },
                ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = "out", ["S3Output"] = new JsonObject { ["S3Uri"] = "s3://local/checked", ["LocalPath"] = "/opt/ml/processing/out" } }) },
            },
            ["CacheConfig"] = new JsonObject { ["Enabled"] = true },
        };
    }

    private static JsonObject Writes(string name, string word) => new()
    {
        ["Name"] = name,
        ["Type"] = "Processing",
        ["Arguments"] = new JsonObject
        {
            ["AppSpecification"] = new JsonObject { ["ImageUri"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", $"printf {word} > $SAGEMAKER_BASE_DIR/processing/out/a.txt") },
            ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = "out", ["S3Output"] = new JsonObject { ["S3Uri"] = "s3://local/place", ["LocalPath"] = "/opt/ml/processing/out" } }) },
        },
        ["CacheConfig"] = new JsonObject { ["Enabled"] = true },
    };

    private static JsonObject Register(string model)
    {
        var register = Register();
        register["Arguments"]!["InferenceSpecification"]!["Containers"]![0]!["ModelDataUrl"] = Expression.Reference(model);
        return register;
    }
}
