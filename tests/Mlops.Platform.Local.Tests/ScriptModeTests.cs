using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Tests;

/// <summary>Scripts find what SageMaker's training toolkit would give them.</summary>
public sealed class ScriptModeTests : StepTestsBase
{
    /// <summary>The toolkit's own functions, in Python's words (mapping.py): the judge of these.</summary>
    private const string Toolkit = """
        import json, sys
        def decode(v):
            return "" if v is None else v if isinstance(v, str) else str(v)
        def value(v):
            return ",".join("%s=%s" % (k, i) for k, i in sorted(v.items())) if hasattr(v, "items") else decode(v)
        def load(v):
            try: return json.loads(v)
            except (ValueError, TypeError): return v
        def variable(v):
            return "" if v is None else v if isinstance(v, str) else json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        hps = {k: load(v) for k, v in json.load(sys.stdin).items()}
        args = [a for k in sorted(hps) for a in (("--" if len(k) > 1 else "-") + k, value(hps[k]))]
        print(json.dumps({"args": args, "hps": variable(hps), "variables": {"SM_HP_" + k.upper(): variable(v) for k, v in hps.items()}}))
        """;

    [SkippableFact]
    public void Hyperparameters_are_what_the_toolkit_of_SageMaker_makes_of_them()
    {
        NeedsPython();
        var given = new Dictionary<string, string>
        {
            ["a"] = "1",
            ["criterion"] = "\"entropy\"",
            ["plain"] = "entropy",
            ["nothing"] = "null",
            ["verbose"] = "true",
            ["quiet"] = "false",
            ["eta"] = "0.1",
            ["one"] = "1.0",
            ["small"] = "1e-5",
            ["smaller"] = "0.00001234",
            ["large"] = "1e16",
            ["larger"] = "123456789012345678901234567890",
            ["third"] = "0.3333333333333333",
            ["zero"] = "0.0",
            ["negative"] = "-2.50",
            ["limit"] = "0.0001",
            ["list"] = "[1, 2.50, \"x\", null, true, [\"it's\"]]",
            ["map"] = "{\"z\": 1, \"b\": \"two\", \"n\": null, \"l\": [true]}",
            ["unicode"] = "\"ä€😀\"",
            ["raw"] = "ä",
            ["empty"] = "",
            ["spaces"] = " 5 ",
            ["path"] = "/opt/ml",
            ["slash"] = "\"a/b\\\"c\"",
        };
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Toolkit]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        python.StandardInput.Write(JsonSerializer.Serialize(given));
        python.StandardInput.Close();
        var expected = JsonNode.Parse(python.StandardOutput.ReadToEnd())!;

        var made = new ScriptHyperparameters(given.Append(KeyValuePair.Create("sagemaker_program", "train.py")));

        Assert.Equal(expected["args"]!.AsArray().Select(a => (string)a!), made.Arguments);
        Assert.Equal((string)expected["hps"]!, made.Json);
        Assert.Equal(expected["variables"]!.AsObject().Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal), made.Variables.Select(v => $"{v.Name}={v.Value}").Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task A_script_runs_in_its_folder_and_finds_its_modules_beside_it()
    {
        NeedsPython();
        Code("top.py", "WORD = 'found'");
        Code("settings.json", "{}");
        Code("sub/train.py", """
            import os, top
            open("settings.json").close()
            open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write(top.WORD + os.environ["SM_CHANNEL_MY-DATA"][-7:])
            """);
        folder.Write(".mlops/s3/local/rows/a.csv", "1\n");

        Assert.Equal("foundmy-data", await TrainedAsync("sub/train.py"));
    }

    [SkippableFact]
    public async Task A_shell_script_runs_by_itself_with_the_arguments()
    {
        NeedsPython();
        Code("train.sh", "#!/bin/sh\n[ -f train.sh ] && printf '%s ' \"$@\" > $SM_MODEL_DIR/model.txt\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "1\n");

        Assert.Equal("--depth 3 ", await TrainedAsync("train.sh"));
    }

    [SkippableFact]
    public async Task Variables_that_no_shell_could_have_reach_a_program_behind_a_mount()
    {
        NeedsPython();
        Skip.IfNot(Mlops.Platform.Local.Processes.MountedPaths.Possible, "This system mounts nothing for users.");
        Code("train.py", """
            import os
            open("/opt/ml/model/model.txt", "w").write(os.environ["SM_CHANNEL_MY-DATA"][-7:])
            """);
        folder.Write(".mlops/s3/local/rows/a.csv", "1\n");

        Assert.Equal("my-data", await TrainedAsync("train.py"));
    }

    [SkippableFact]
    public async Task A_program_finds_all_of_its_environment_as_one_document_and_its_job_s_name()
    {
        NeedsPython();
        var job = Job("printf '%s\n%s' \"$SM_TRAINING_ENV\" $NAMED > $SM_MODEL_DIR/model.txt; ls -d $SM_OUTPUT_INTERMEDIATE_DIR; echo \"score=0.87 of 1\"");
        job["HyperParameters"] = new JsonObject { ["depth"] = "3", ["list"] = "[1, 2]" };
        job["Environment"] = new JsonObject { ["NAMED"] = new JsonObject { ["Get"] = "Execution.TrainingJobName" } };
        // Groups behind the first are the expression's own.
        job["AlgorithmSpecification"]!["MetricDefinitions"]![0]!["Regex"] = "score=([0-9]+(\\.[0-9]+)?)";

        var result = await RunAsync(Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job }));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        var lines = Unpacked(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single()).Split('\n');
        var environment = JsonNode.Parse(lines[0])!;
        Assert.Equal("{\"depth\":3,\"list\":[1,2]}", environment["hyperparameters"]!.ToJsonString());
        Assert.EndsWith("/model", environment["model_dir"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(lines[1], environment["job_name"]!.ToString());
        Assert.Contains(events.All, e => e is Mlops.Platform.Events.MetricMeasured { Metric: "score", Value: 0.87 });
    }

    /// <summary>As ModelTrainer of SageMaker's Python SDK starts its driver, and a container of one's own its 'train'.</summary>
    [SkippableTheory]
    [InlineData("/bin/sh", "-c", "chmod +x /opt/ml/input/data/code/train && /opt/ml/input/data/code/train")]
    [InlineData("/bin/sh", "/opt/ml/input/data/code/train", null)]
    public async Task What_a_program_of_any_name_calls_opt_ml_is_there(string first, string second, string? third)
    {
        NeedsShell();
        Skip.IfNot(Mlops.Platform.Local.Processes.MountedPaths.Possible, "This system mounts nothing for users.");
        folder.Write(".mlops/s3/local/code/train", "#!/bin/sh\nprintf mounted > /opt/ml/model/model.txt\n");
        var job = Job("");
        job["AlgorithmSpecification"]!["ContainerEntrypoint"] = new JsonArray([.. new[] { first, second, third }.OfType<string>().Select(a => JsonValue.Create(a))]);
        job["InputDataConfig"] = new JsonArray(new JsonObject { ["ChannelName"] = "code", ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3DataType"] = "S3Prefix", ["S3Uri"] = "s3://local/code/" } } });

        var result = await RunAsync(Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job }));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("mounted", Unpacked(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single()));
    }

    [SkippableFact]
    public async Task A_path_that_a_hyperparameter_names_is_there()
    {
        NeedsShell();
        Skip.IfNot(Mlops.Platform.Local.Processes.MountedPaths.Possible, "This system mounts nothing for users.");
        var job = Job("printf written > $SM_HP_MODEL_DIR/model.txt");
        job["HyperParameters"] = new JsonObject { ["model_dir"] = "\"/opt/ml/model/\"" };

        var result = await RunAsync(Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job }));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("written", Unpacked(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.tar.gz", SearchOption.AllDirectories).Single()));
    }

    [SkippableFact]
    public async Task Checkpoints_are_kept_and_found_again()
    {
        NeedsPython();
        var job = Job("""
            cd $SAGEMAKER_BASE_DIR/checkpoints; printf x >> epochs; cp epochs ../model/model.txt
            """);
        job["CheckpointConfig"] = new JsonObject { ["S3Uri"] = "s3://local/kept" };
        var pipeline = (bool isCached) => Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job.DeepClone(), ["CacheConfig"] = new JsonObject { ["Enabled"] = isCached } });

        Assert.Equal("Succeeded", (await RunAsync(pipeline(false))).Status);
        Assert.Equal("x", File.ReadAllText(folder.File(".mlops/s3/local/kept/epochs")));
        Assert.Equal("Succeeded", (await RunAsync(pipeline(false))).Status);

        Assert.Equal("xx", File.ReadAllText(folder.File(".mlops/s3/local/kept/epochs")));
        // What earlier runs left there does not make it another step.
        Assert.Equal("Succeeded", (await RunAsync(pipeline(true))).Status);
        Assert.Equal("Succeeded", (await RunAsync(pipeline(true))).Status);
        Assert.Equal("xxx", File.ReadAllText(folder.File(".mlops/s3/local/kept/epochs")));
    }

    [SkippableFact]
    public async Task A_model_that_is_not_to_be_packed_is_kept_and_served_as_files()
    {
        NeedsPython();
        Code("inference.py", "import os\ndef model_fn(model_dir):\n    return float(open(os.path.join(model_dir, 'model.txt')).read())\ndef predict_fn(data, model):\n    return [[row[0] * model] for row in data]\n");
        folder.Write(".mlops/s3/local/rows/a.csv", "2\n");
        var training = Training("echo 10 > $SAGEMAKER_BASE_DIR/model/model.txt");
        training["Arguments"]!["OutputDataConfig"]!["CompressionType"] = "NONE";
        var model = Model();
        var container = model["Arguments"]!["PrimaryContainer"]!.AsObject();
        container["ModelDataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = container["ModelDataUrl"]!.DeepClone(), ["S3DataType"] = "S3Prefix", ["CompressionType"] = "None" } };
        container.Remove("ModelDataUrl");

        var result = await RunAsync(Pipeline(training, model, Transform(null)));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("20.0\n", File.ReadAllText(Assert.Single(Directory.GetFiles(folder.File(".mlops/s3/local/runs"), "a.csv.out", SearchOption.AllDirectories))));
    }

    [SkippableFact]
    public async Task What_a_program_installs_is_its_own()
    {
        NeedsPython();
        // As pip would with --target: into the folder that it is given, which Python looks in first.
        Code("train.py", """
            import os, subprocess, sys
            os.makedirs(os.environ["PIP_TARGET"])
            open(os.environ["PIP_TARGET"] + "/brought.py", "w").write("WORD = 'brought'")
            word = subprocess.run([sys.executable, "-c", "import brought; print(brought.WORD, end='')"], capture_output=True, text=True).stdout
            open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write(word)
            """);
        folder.Write(".mlops/s3/local/rows/a.csv", "1\n");

        Assert.Equal("brought", await TrainedAsync("train.py"));
    }

    [SkippableFact]
    public async Task A_regular_expression_that_is_none_is_said()
    {
        NeedsPython();
        var job = Job("true");
        job["AlgorithmSpecification"]!["MetricDefinitions"]![0]!["Regex"] = "score=(";

        var result = await RunAsync(Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job }));

        Assert.Contains("metric 'score'", result.FailureReason, StringComparison.Ordinal);
    }

    /// <summary>What a script left as model.txt.</summary>
    private async Task<string> TrainedAsync(string program)
    {
        var job = Job("");
        job["AlgorithmSpecification"] = new JsonObject { ["TrainingImage"] = "any" };
        job["HyperParameters"] = new JsonObject { ["sagemaker_program"] = program, ["sagemaker_submit_directory"] = "s3://local/code/sourcedir.tar.gz", ["depth"] = "3" };
        job["InputDataConfig"] = new JsonArray(new JsonObject { ["ChannelName"] = "my-data", ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = "s3://local/rows/", ["S3DataType"] = "S3Prefix" } } });
        job["OutputDataConfig"]!["CompressionType"] = "NONE";

        var result = await RunAsync(Pipeline(new JsonObject { ["Name"] = "train", ["Type"] = "Training", ["Arguments"] = job }));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        return File.ReadAllText(Assert.Single(Directory.GetFiles(folder.File(".mlops/s3/local/tuned"), "model.txt", SearchOption.AllDirectories)));
    }
}
