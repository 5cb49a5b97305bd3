using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Local.Tests;

/// <summary>Transforms, tuning and stand-ins, with real programs; scripts for inference are served by their functions.</summary>
public sealed class FurtherStepTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private readonly Recorder events = new();

    [SkippableFact]
    public async Task A_transform_sends_records_to_the_functions_of_a_script_and_joins_the_answers()
    {
        NeedsPython();
        Code("inference.py", """
            import os
            def model_fn(model_dir):
                return float(open(os.path.join(model_dir, "model.txt")).read())
            def predict_fn(data, model):
                return [[row[0] * model] for row in data]
            """);
        folder.Write(".mlops/s3/local/rows/a.csv", "id-1,2,x\nid-2,3,\"y,z\"\n");
        folder.Write(".mlops/s3/local/rows/b.csv", "id-3,4,x\n");
        var pipeline = Pipeline(Training("echo 10 > $SAGEMAKER_BASE_DIR/model/model.txt"), Model(), Transform(new JsonObject { ["InputFilter"] = "$[1:2]", ["JoinSource"] = "Input", ["OutputFilter"] = "$[0,-1]" }));

        var result = await RunAsync(pipeline);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var output = Assert.Single(Directory.GetDirectories(folder.File(".mlops/s3/local/runs"), "predictions", SearchOption.AllDirectories));
        Assert.Equal("id-1,20.0\nid-2,30.0\n", File.ReadAllText(Path.Combine(output, "a.csv.out")));
        Assert.Equal("id-3,40.0\n", File.ReadAllText(Path.Combine(output, "b.csv.out")));

        events.All.Clear();
        Assert.Equal("Succeeded", (await RunAsync(pipeline)).Status);
        Assert.Equal(["train", "score"], events.All.OfType<StepChanged>().Where(s => s.Cached).Select(s => s.Step));
    }

    [SkippableFact]
    public async Task A_transform_asks_a_registered_version_by_its_name()
    {
        NeedsPython();
        Code("inference.py", "def model_fn(model_dir):\n    return 10\ndef predict_fn(data, model):\n    return [[row[0] * model] for row in data]\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "2\n3\n");
        var container = Model()["Arguments"]!["PrimaryContainer"]!.DeepClone();
        var register = new JsonObject { ["Name"] = "register", ["Type"] = "RegisterModel", ["Arguments"] = new JsonObject { ["ModelPackageGroupName"] = "models", ["InferenceSpecification"] = new JsonObject { ["Containers"] = new JsonArray(container) } } };
        var model = Model();
        model["Arguments"]!["PrimaryContainer"] = new JsonObject { ["ModelPackageName"] = Expression.Reference("Steps.register.ModelPackageArn") };

        var result = await RunAsync(Pipeline(Training("true"), register, model, Transform(null)));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var output = Assert.Single(Directory.GetDirectories(folder.File(".mlops/s3/local/runs"), "predictions", SearchOption.AllDirectories));
        Assert.Equal("20.0\n30.0\n", File.ReadAllText(Path.Combine(output, "a.csv.out")));

        model["Arguments"]!["PrimaryContainer"] = new JsonObject { ["ModelPackageName"] = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/models/7" };
        result = await RunAsync(Pipeline((JsonObject)model.DeepClone()));
        Assert.Contains("the registered version 'arn:aws:sagemaker:eu-west-1:111111111111:model-package/models/7'", result.FailureReason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_transform_fails_with_what_the_script_said()
    {
        NeedsPython();
        Code("inference.py", "def model_fn(model_dir):\n    return None\ndef predict_fn(data, model):\n    raise ValueError('no such column')\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "1,2\n");

        var result = await RunAsync(Pipeline(Training("true"), Model(), Transform(null)));

        Assert.Equal(("Failed", "score"), (result.Status, result.FailedStep));
        Assert.Contains("a.csv: the model answered 500: ValueError: no such column", result.FailureReason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_best_of_a_tuning_goes_on_and_is_found_again()
    {
        NeedsShell();
        var pipeline = Pipeline(Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5", "3") }) }), Register());

        var result = await RunAsync(pipeline);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal(["1", "3", "5"], Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Select(Unpacked).Order());
        Assert.Equal("5", Unpacked(new LocalObjectStorePath(folder).Of((await Open().Models.FindAsync("models", 1, default))!.ModelDataUrl)));
        Assert.False((await RunAsync(pipeline)).Ran);
    }

    [SkippableFact]
    public async Task A_training_that_falls_behind_the_others_is_stopped_early()
    {
        NeedsShell();
        // Four good ones in the grid's order, and two that would take a minute each.
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("6", "7", "8", "9", "1", "2") }) },
            "echo \"score=$SM_HP_DEPTH\"; [ $SM_HP_DEPTH -lt 5 ] && sleep 60; echo \"score=$SM_HP_DEPTH.5\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt");
        tuning["Arguments"]!["HyperParameterTuningJobConfig"]!["TrainingJobEarlyStoppingType"] = "Auto";
        tuning["Arguments"]!["HyperParameterTuningJobConfig"]!["ResourceLimits"]!["MaxNumberOfTrainingJobs"] = 6;
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var result = await RunAsync(Pipeline(tuning));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(40), "The two slow ones were waited for.");
        Assert.Equal(2, events.All.OfType<Notice>().Count(n => n.Text.Contains("stopped early at score = ", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task A_tuning_of_which_nothing_comes_says_why()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Tuning("Random", new JsonObject { ["IntegerParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["MinValue"] = "1", ["MaxValue"] = "9" }) }, "echo nothing"), Register()));

        Assert.Equal("Failed", result.Status);
        Assert.StartsWith("none of 4 trainings came to a value of 'score'.", result.FailureReason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_job_of_several_hosts_is_as_many_processes_with_their_parts_of_the_data()
    {
        NeedsShell();
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
            folder.Write($".mlops/s3/local/rows/{name}.txt", name);
        var step = Training("""
            base=$SAGEMAKER_BASE_DIR
            grep -q "\"current_host\": *\"$SM_CURRENT_HOST\"" $base/input/config/resourceconfig.json || exit 9
            echo "$SM_CURRENT_HOST of $SM_HOSTS" > $base/model/$SM_CURRENT_HOST.txt
            cat $base/input/data/rows/* >> $base/model/$SM_CURRENT_HOST.txt
            cat $base/input/data/all/* | wc -c >> $base/model/$SM_CURRENT_HOST.txt
            """);
        step["Arguments"]!["ResourceConfig"] = new JsonObject { ["InstanceCount"] = 2 };
        step["Arguments"]!["InputDataConfig"] = new JsonArray(Channel("rows", "ShardedByS3Key"), Channel("all", "FullyReplicated"));

        var result = await RunAsync(Pipeline(step));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        using var model = TestFolder.Temporary();
        Archives.Unpack(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single(), model.Path);
        Assert.Equal("algo-1 of [\"algo-1\",\"algo-2\"]\nace5\n", File.ReadAllText(model.File("algo-1.txt")).Replace(" 5", "5", StringComparison.Ordinal));
        Assert.Equal("algo-2 of [\"algo-1\",\"algo-2\"]\nbd5\n", File.ReadAllText(model.File("algo-2.txt")).Replace(" 5", "5", StringComparison.Ordinal));

        static JsonObject Channel(string name, string distribution) => new()
        {
            ["ChannelName"] = name,
            ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = "s3://local/rows", ["S3DataDistributionType"] = distribution } },
        };
    }

    [SkippableFact]
    public async Task Where_one_host_fails_the_others_end_and_it_is_named()
    {
        NeedsShell();
        var step = Training("[ $SM_CURRENT_HOST = algo-2 ] && { echo gone; exit 3; }; sleep 60");
        step["Arguments"]!["ResourceConfig"] = new JsonObject { ["InstanceCount"] = 3 };
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var result = await RunAsync(Pipeline(step));

        Assert.Equal("Failed", result.Status);
        Assert.Contains("algo-2: exit code 3", result.FailureReason, StringComparison.Ordinal);
        Assert.Contains("gone", result.FailureReason, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "The others were waited for.");
    }

    [SkippableFact]
    public async Task A_tuning_runs_again_when_what_stands_for_its_image_has_changed()
    {
        NeedsShell();
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5") }) });
        tuning["Arguments"]!["TrainingJobDefinition"]!["AlgorithmSpecification"]!["TrainingImage"] = "own:1";
        folder.Write("train.sh", "cat > /dev/null; echo score=$SM_HP_DEPTH; echo one > $SM_MODEL_DIR/model.txt");
        var first = await RunAsync(Pipeline(tuning), ("own:1", "sh train.sh"));
        folder.Write("train.sh", "cat > /dev/null; echo score=$SM_HP_DEPTH; echo two > $SM_MODEL_DIR/model.txt");
        events.All.Clear();

        await RunAsync(Pipeline((JsonObject)tuning.DeepClone()), ("own:1", "sh train.sh"));

        Assert.True(first.Status == "Succeeded", first.FailureReason);
        Assert.DoesNotContain(events.All.OfType<StepChanged>(), s => s.Cached);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_service_by_the_steps_name()
    {
        NeedsShell();
        folder.Write("auto.sh", "cat > /dev/null; echo '{\"BestCandidate\": {\"Score\": 0.9}}'");
        var auto = new JsonObject { ["Name"] = "auto", ["Type"] = "AutoML", ["Arguments"] = new JsonObject() };
        var fails = new JsonObject { ["Name"] = "shown", ["Type"] = "Fail", ["Arguments"] = new JsonObject { ["ErrorMessage"] = Expression.Joined(" ", [JsonValue.Create("score"), Expression.Reference("Steps.auto.BestCandidate.Score")]) } };

        Assert.Equal("score 0.9", (await RunAsync(Pipeline(auto, fails), ("auto", "sh auto.sh"))).FailureReason);
    }

    [SkippableTheory]
    [InlineData(true, false, "Failed")]
    [InlineData(false, false, "Succeeded")]
    [InlineData(true, true, "Succeeded")]
    public async Task A_quality_check_fails_on_violations_where_it_is_to(bool failOnViolation, bool skipCheck, string status)
    {
        NeedsShell();
        folder.Write("analyzer.sh", """
            out="$SAGEMAKER_BASE_DIR/processing/output"
            echo '{}' > "$out/statistics.json"; echo '{}' > "$out/constraints.json"
            echo '{"violations": [{"feature_name": "age"}]}' > "$out/constraint_violations.json"
            """);
        var check = new JsonObject
        {
            ["Name"] = "quality",
            ["Type"] = "QualityCheck",
            ["Arguments"] = new JsonObject
            {
                ["AppSpecification"] = new JsonObject { ["ImageUri"] = "analyzer:1" },
                ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = "o", ["S3Output"] = new JsonObject { ["S3Uri"] = "s3://local/quality", ["LocalPath"] = "/opt/ml/processing/output" } }) },
            },
            ["CheckType"] = "DATA_QUALITY",
            ["SkipCheck"] = skipCheck,
            ["FailOnViolation"] = failOnViolation,
            ["SuppliedBaselineConstraints"] = null,
        };
        var copy = new JsonObject { ["Name"] = "copy", ["Type"] = "Lambda", ["FunctionArn"] = "f", ["Arguments"] = new JsonObject { ["baseline"] = Expression.Reference("Steps.quality.BaselineUsedForDriftCheckConstraints") } };
        folder.Write("copy.sh", "cat > got.json; echo '{}'");

        var result = await RunAsync(Pipeline(check, copy), ("analyzer:1", "sh analyzer.sh"), ("f", "sh copy.sh"));

        Assert.Equal(status, result.Status);
        if (status == "Failed")
            Assert.Contains("1 violations of the baseline", result.FailureReason, StringComparison.Ordinal);
        else
            Assert.Contains("s3://local/quality/constraints.json", File.ReadAllText(folder.File("got.json")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_cluster_by_its_id()
    {
        NeedsShell();
        folder.Write("spark.sh", "cat > got.json");
        var emr = new JsonObject { ["Name"] = "aggregate", ["Type"] = "EMR", ["Arguments"] = new JsonObject { ["ClusterId"] = "j-1K48XXXXXXHCB", ["StepConfig"] = new JsonObject { ["HadoopJarStep"] = new JsonObject { ["Jar"] = "command-runner.jar" } } } };

        var result = await RunAsync(Pipeline(emr), ("j-1K48XXXXXXHCB", "sh spark.sh"));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Contains("command-runner.jar", File.ReadAllText(folder.File("got.json")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_function_and_its_outputs_are_values()
    {
        NeedsShell();
        folder.Write("answer.sh", "read line; echo '{\"rows\": 7}'; echo \"$line\" > got.json");
        var function = "arn:aws:lambda:eu-west-1:111111111111:function:count";
        var asks = new JsonObject { ["Name"] = "count", ["Type"] = "Lambda", ["FunctionArn"] = function, ["Arguments"] = new JsonObject { ["run"] = Expression.Reference("Execution.PipelineName") }, ["OutputParameters"] = new JsonArray(new JsonObject { ["OutputName"] = "rows", ["OutputType"] = "Integer" }) };
        var enough = new JsonObject
        {
            ["Name"] = "enough",
            ["Type"] = "Condition",
            ["Arguments"] = new JsonObject
            {
                ["Conditions"] = new JsonArray(new JsonObject { ["Type"] = "GreaterThan", ["LeftValue"] = Expression.Reference("Steps.count.OutputParameters['rows']"), ["RightValue"] = 5 }),
                ["IfSteps"] = new JsonArray(),
                ["ElseSteps"] = new JsonArray(new JsonObject { ["Name"] = "few", ["Type"] = "Fail", ["Arguments"] = new JsonObject { ["ErrorMessage"] = "too few" } }),
            },
        };

        var result = await RunAsync(Pipeline(asks, enough), (function, "sh answer.sh"));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("{\"run\":\"p\"}", File.ReadAllText(folder.File("got.json")).Trim());

        folder.Write("answer.sh", "echo '{\"rows\": \"many\"}'");
        result = await RunAsync(Pipeline(asks, enough), (function, "sh answer.sh"));
        Assert.Contains("wrote \"many\" as 'rows', which is of type Integer", result.FailureReason, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<PlatformException>(() => RunAsync(Pipeline(asks, enough)));
        Assert.Equal("MLOPS6018", refused.Problem.Code);
    }

    public void Dispose() => folder.Dispose();

    private static JsonObject Training(string script) => new() { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = Job(script), ["CacheConfig"] = new JsonObject { ["Enabled"] = true } };

    private static JsonObject Job(string script) => new()
    {
        ["AlgorithmSpecification"] = new JsonObject
        {
            ["TrainingImage"] = "any",
            ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script),
            ["MetricDefinitions"] = new JsonArray(new JsonObject { ["Name"] = "score", ["Regex"] = "score=([0-9.]+)" }),
        },
        ["OutputDataConfig"] = new JsonObject { ["S3OutputPath"] = "s3://local/tuned" },
    };

    private static JsonObject Tuning(string strategy, JsonObject ranges, string script = "echo \"score=$SM_HP_DEPTH\"; printf %s $SM_HP_DEPTH > $SAGEMAKER_BASE_DIR/model/model.txt") => new()
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

    private static JsonObject Register() => new()
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

    private static JsonObject Model() => new()
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

    private static JsonObject Transform(JsonObject? processing)
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

    private static PipelineDefinition Pipeline(params JsonNode[] steps) => PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["Steps"] = new JsonArray([.. steps.Select(s => s.DeepClone())]) }.ToJsonString()));

    private void Code(string name, string text)
    {
        folder.Write("code/" + name, text);
        Archives.Pack(folder.File("code"), folder.File(".mlops/s3/local/code/sourcedir.tar.gz"));
    }

    private static string Unpacked(string archive)
    {
        using var target = TestFolder.Temporary();
        Archives.Unpack(archive, target.Path);
        return File.ReadAllText(target.File("model.txt"));
    }

    private async Task<ExecutionResult> RunAsync(PipelineDefinition definition, params (string Target, string Command)[] standIns)
    {
        var workspace = Workspace(definition, standIns);
        await using var platform = LocalPlatform.Open(workspace, new ServerProgram(["false"], "test"), events);
        await PublishVerb.RunAsync(new VerbContext(workspace, platform, events), default);
        return await platform.Pipelines.RunAsync(workspace, new Dictionary<string, string>(), default);
    }

    private LocalPlatform Open() => LocalPlatform.Open(Workspace(Pipeline()), new ServerProgram(["false"], "test"), events);

    private Workspace Workspace(PipelineDefinition definition, params (string Target, string Command)[] standIns) => new()
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

    private static void NeedsShell() => Skip.IfNot(File.Exists("/bin/sh"), "There is no /bin/sh.");

    private static void NeedsPython()
    {
        NeedsShell();
        Skip.IfNot(Processes.Programs.Find("python3") is not null, "python3 is not installed.");
    }

    /// <summary>Where the store of a folder keeps a URI.</summary>
    private sealed class LocalObjectStorePath(TemporaryFolder folder)
    {
        public string Of(string uri) => folder.File(".mlops/s3/" + uri["s3://".Length..]);
    }
}
