using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Local.Tests;

/// <summary>The engine with real programs: shell scripts, which need no language.</summary>
public sealed class EngineTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private readonly Recorder events = new();
    private LocalPlatform platform = null!;

    public Task InitializeAsync()
    {
        Reopen();
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task A_pipeline_runs_is_gated_and_registers_its_model()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline());

        Assert.Equal(("Succeeded", 1, true), (result.Status, result.Version!.Value, result.Ran));
        var version = (await platform.Models.FindAsync("models", 1, default))!;
        Assert.Equal(0.95, version.Metrics["metrics.accuracy.value"]);
        Assert.Contains(events.All, e => e is MetricMeasured { Step: "train", Metric: "loss", Value: 0.25 });
        Assert.Equal("hello 7\n", File.ReadAllText(folder.File(".mlops/last/train/ml/model/model.txt")));
    }

    [SkippableFact]
    public async Task What_is_unchanged_is_not_run_again_and_what_is_changed_is()
    {
        NeedsShell();
        await RunAsync(Pipeline());

        Assert.False((await RunAsync(Pipeline())).Ran);

        events.Clear();
        var again = await RunAsync(Pipeline(evaluate: "echo '{\"metrics\":{\"accuracy\":{\"value\":0.96}}}' > $SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json"));
        Assert.True(again.Ran);
        Assert.Equal(1, again.Version); // The model is the same: evaluating it again makes no new one.
        Assert.Equal(["preprocess", "train"], events.All.OfType<StepChanged>().Where(s => s.Cached).Select(s => s.Step));

        events.Clear();
        var retrained = await RunAsync(Pipeline(), ("depth", "8"));
        Assert.Equal(2, retrained.Version);
        Assert.Equal(["preprocess"], events.All.OfType<StepChanged>().Where(s => s.Cached).Select(s => s.Step));
    }

    [SkippableFact]
    public async Task A_model_that_was_altered_or_deleted_is_made_again()
    {
        NeedsShell();
        await RunAsync(Pipeline());
        var model = ((Storage.LocalObjectStore)platform.Objects).PathOf((await platform.Models.FindAsync("models", 1, default))!.ModelDataUrl);
        await File.AppendAllTextAsync(model, "altered");

        var again = await RunAsync(Pipeline());

        Assert.Equal((true, 1), (again.Ran, again.Version!.Value));
        var healed = ((Storage.LocalObjectStore)platform.Objects).PathOf((await platform.Models.FindAsync("models", 1, default))!.ModelDataUrl);
        Assert.NotEqual(model, healed);
        File.Delete(healed);
        Assert.True((await RunAsync(Pipeline())).Ran);
    }

    [SkippableFact]
    public async Task Independent_steps_run_side_by_side()
    {
        NeedsShell();
        // Each waits for the other: one after another they would fail.
        var meet = folder.File("meet");
        Directory.CreateDirectory(meet);
        var steps = new JsonArray([.. new[] { "a", "b" }.Select(n => Processing(n, $"touch {meet}/{n}; for i in $(seq 1000); do [ -e {meet}/{(n == "a" ? "b" : "a")} ] && exit 0; sleep 0.02; done; exit 1", "out", []))]);

        var result = await RunAsync(PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["Steps"] = steps }.ToJsonString())));

        Assert.Equal("Succeeded", result.Status);
    }

    [SkippableFact]
    public async Task A_failed_gate_is_an_error_at_its_line_and_nothing_is_registered()
    {
        NeedsShell();
        var context = new VerbContext(Workspace(Pipeline(min: 0.99)), platform, events);
        await PublishVerb.RunAsync(context, default);

        var problem = (await Assert.ThrowsAsync<PlatformException>(() => RunVerb.RunAsync(context, new RunRequest(), default))).Problem;

        Assert.Equal(("MLOPS5001", 7, 3), (problem.Code, problem.Line, problem.Column));
        Assert.Contains("0.95 is below 0.99", problem.Message, StringComparison.Ordinal);
        Assert.Empty(await platform.Models.ListAsync("models", default));
    }

    [SkippableFact]
    public async Task A_failed_step_shows_its_last_lines_and_later_steps_do_not_run()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(train: "echo something is wrong >&2; exit 3"));

        Assert.Equal(("Failed", "train"), (result.Status, result.FailedStep));
        Assert.Contains("exit code 3", result.FailureReason, StringComparison.Ordinal);
        Assert.Contains("something is wrong", result.FailureReason, StringComparison.Ordinal);
        Assert.DoesNotContain(events.All, e => e is StepChanged { Step: "evaluate" });
    }

    [SkippableFact]
    public async Task A_training_program_s_own_account_of_its_failure_is_shown()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(train: "echo no such column > $SAGEMAKER_BASE_DIR/output/failure; exit 1"));

        Assert.Equal("no such column", result.FailureReason);
    }

    [SkippableFact]
    public async Task A_program_that_hangs_is_ended_with_its_children()
    {
        NeedsShell();
        var clock = Stopwatch.StartNew();
        var result = await RunAsync(Pipeline(train: "sleep 300 & echo $! > $SAGEMAKER_BASE_DIR/../child; sleep 300", limit: 1));

        Assert.Equal("Failed", result.Status);
        Assert.Contains("max_runtime", result.FailureReason, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15));
        var child = int.Parse(File.ReadAllText(folder.File(".mlops/last/train/child")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.False(TestProcess.IsRunning(child));
    }

    [SkippableFact]
    public async Task A_child_that_is_left_behind_does_not_hold_the_step()
    {
        NeedsShell();
        var clock = Stopwatch.StartNew();
        var result = await RunAsync(Pipeline(train: "sleep 300 </dev/null >/dev/null 2>&1 & echo $! > $SAGEMAKER_BASE_DIR/../child; echo hello > $SAGEMAKER_BASE_DIR/model/model.txt"));

        Assert.Equal("Succeeded", result.Status);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15));
        Assert.False(TestProcess.IsRunning(int.Parse(File.ReadAllText(folder.File(".mlops/last/train/child")), System.Globalization.CultureInfo.InvariantCulture)));
    }

    [SkippableFact]
    public async Task Much_output_is_kept_up_to_a_bound()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(train: "yes a-line-of-output | head -c 100000000; echo the last line; exit 1"));

        Assert.Contains("the last line", result.FailureReason, StringComparison.Ordinal);
        Assert.True(new FileInfo(folder.File(result.Log!)).Length < 70_000_000);
    }

    [SkippableFact]
    public async Task Stopping_ends_the_program_and_marks_the_run()
    {
        NeedsShell();
        using var stop = new CancellationTokenSource();
        var number = folder.File("number");
        var context = new VerbContext(Workspace(Pipeline(train: $"echo $$ > {number}.new; mv {number}.new {number}; sleep 300")), platform, events);
        await PublishVerb.RunAsync(context, default);

        var running = RunVerb.RunAsync(context, new RunRequest(), stop.Token);
        for (var i = 0; i < 1000 && !File.Exists(number); i++)
            await Task.Delay(20);
        var program = int.Parse(await File.ReadAllTextAsync(number), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(TestProcess.IsRunning(program));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Equal("Stopped", platform.Registry.Executions.Newest(1)[0].Status);
        Assert.False(TestProcess.IsRunning(program));
        // To look at, and not a copy of all inputs for each run that was stopped.
        Assert.True(Directory.Exists(folder.File(".mlops/last/train")));
    }

    [SkippableFact]
    public async Task A_killed_run_is_found_its_program_ended_and_a_rerun_converges()
    {
        NeedsShell();
        using var left = Processes.ChildProcess.Start(new ProcessStartInfo("sleep", ["300"]));
        var row = platform.Registry.Executions;
        platform.Registry.PutPipeline("p", "{\"Steps\":[]}", "x");
        row.Start("killed", "p", "f", []);
        row.StartStep("killed", new Registry.StepStart("train", "Training", DateTimeOffset.UtcNow, null, null, null), Processes.ProcessIdentity.Of(left).ToString());
        Reopen();

        await using (await platform.LockAsync("run", default))
            Assert.Equal("Stopped", platform.Registry.Executions.Find("killed")!.Status);

        Assert.Equal(137, await left.Exited.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal("Succeeded", (await RunAsync(Pipeline())).Status);
    }

    [SkippableFact]
    public async Task Script_mode_gets_its_hyperparameters_as_arguments_and_variables()
    {
        NeedsShell();
        var pipeline = Pipeline(scriptMode: "echo \"$@ $SM_HP_DEPTH $(cat $SM_CHANNEL_TRAIN/data.txt)\" > $SM_MODEL_DIR/model.txt");
        var result = await RunAsync(pipeline);

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("--depth 7 7 hello\n", File.ReadAllText(folder.File(".mlops/last/train/ml/model/model.txt")));
    }

    [Fact]
    public async Task What_cannot_be_run_here_is_refused_before_anything_starts_and_all_at_once()
    {
        var definition = PipelineDefinition.Parse("""{"Steps":[{"Name":"spark","Type":"EMR","Arguments":{}},{"Name":"auto","Type":"AutoML","Arguments":{}}]}"""u8);
        var context = new VerbContext(Workspace(definition), platform, events);
        await PublishVerb.RunAsync(context, default);

        var problem = (await Assert.ThrowsAsync<PlatformException>(() => RunVerb.RunAsync(context, new RunRequest(), default))).Problem;

        Assert.Equal("MLOPS6001", problem.Code);
        Assert.Equal("MLOPS6018", Assert.Single(events.All.OfType<Problem>()).Code);
        Assert.Empty(platform.Registry.Executions.Newest(1));
    }

    [Theory]
    [InlineData("nonsense", "1", "MLOPS0014")]
    [InlineData("depth", "deep", "MLOPS0015")]
    public async Task Wrong_parameters_are_refused(string name, string value, string code)
    {
        var context = new VerbContext(Workspace(Pipeline()), platform, events);
        await PublishVerb.RunAsync(context, default);

        Assert.Equal(code, (await Assert.ThrowsAsync<PlatformException>(() => RunVerb.RunAsync(context, new RunRequest { Parameters = new Dictionary<string, string> { [name] = value } }, default))).Problem.Code);
    }

    public async Task DisposeAsync()
    {
        await platform.DisposeAsync();
        folder.Dispose();
    }

    private static void NeedsShell() => Skip.If(OperatingSystem.IsWindows(), "These programs are shell scripts.");

    private void Reopen()
    {
        platform?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        platform = LocalPlatform.Open(Workspace(PipelineDefinition.Parse("""{"Steps":[]}"""u8)), new ServerProgram(["false"], "test"), events);
    }

    private async Task<ExecutionResult> RunAsync(PipelineDefinition definition, params (string Name, string Value)[] parameters)
    {
        var workspace = Workspace(definition);
        await PublishVerb.RunAsync(new VerbContext(workspace, platform, events), default);
        return await platform.Pipelines.RunAsync(workspace, new RunRequest { Parameters = parameters.ToDictionary(p => p.Name, p => p.Value) }, default);
    }

    private Workspace Workspace(PipelineDefinition definition) => new()
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
            Gates = [new Gate("gates", "accuracy", "metrics.accuracy.value", new SourcePlace(7, 3)) { Min = 0.99 }],
            Local = new LocalSettings { Interpreters = new Dictionary<string, string> { ["python3"] = "/bin/sh" } },
        },
    };

    private PipelineDefinition Pipeline(string? train = null, string? evaluate = null, double min = 0.9, int limit = 60, string? scriptMode = null)
    {
        train ??= "echo 'loss=0.25;'; echo \"$(cat $SAGEMAKER_BASE_DIR/input/data/train/data.txt) $SM_HP_DEPTH\" > $SAGEMAKER_BASE_DIR/model/model.txt";
        evaluate ??= "test -s $SAGEMAKER_BASE_DIR/processing/input/model/model.tar.gz && echo '{\"metrics\":{\"accuracy\":{\"value\":0.95}}}' > $SAGEMAKER_BASE_DIR/processing/output/report/evaluation.json";
        var steps = new JsonArray(
            Processing("preprocess", "echo hello > /opt/ml/processing/output/train/data.txt", "train", []),
            scriptMode is null ? Training(train, limit) : ScriptMode(scriptMode),
            Processing("evaluate", evaluate, "report", [("model", Expression.Reference("Steps.train.ModelArtifacts.S3ModelArtifacts"))]),
            Gates(min));
        var json = new JsonObject
        {
            ["Parameters"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Type"] = "Integer", ["DefaultValue"] = 7 }),
            ["Steps"] = steps,
        };
        return PipelineDefinition.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private static JsonObject Processing(string name, string script, string output, (string Name, JsonNode Uri)[] inputs) => new()
    {
        ["Name"] = name,
        ["Type"] = "Processing",
        ["Arguments"] = new JsonObject
        {
            ["AppSpecification"] = new JsonObject { ["ImageUri"] = "any", ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script) },
            ["ProcessingInputs"] = new JsonArray([.. inputs.Select(i => new JsonObject
            {
                ["InputName"] = i.Name,
                ["S3Input"] = new JsonObject { ["S3Uri"] = i.Uri, ["LocalPath"] = $"/opt/ml/processing/input/{i.Name}" },
            })]),
            ["ProcessingOutputConfig"] = new JsonObject
            {
                ["Outputs"] = new JsonArray(new JsonObject
                {
                    ["OutputName"] = output,
                    ["S3Output"] = new JsonObject { ["S3Uri"] = RunUri(name, output), ["LocalPath"] = $"/opt/ml/processing/output/{output}" },
                }),
            },
        },
        ["PropertyFiles"] = new JsonArray([.. output == "report" ? new[] { new JsonObject { ["PropertyFileName"] = "report", ["OutputName"] = "report", ["FilePath"] = "evaluation.json" } } : []]),
        ["CacheConfig"] = new JsonObject { ["Enabled"] = true, ["ExpireAfter"] = "P30D" },
    };

    private static JsonObject Training(string script, int limit) => TrainingStep(
        new JsonObject
        {
            ["TrainingImage"] = "any",
            ["ContainerEntrypoint"] = new JsonArray("/bin/sh", "-c", script),
            ["MetricDefinitions"] = new JsonArray(new JsonObject { ["Name"] = "loss", ["Regex"] = "loss=([0-9.]+)" }),
        },
        new JsonObject { ["depth"] = Expression.Parameter("depth") }, limit);

    private JsonObject ScriptMode(string script)
    {
        folder.Write("code/train.py", script); // /bin/sh stands for python3.
        Archives.Pack(folder.File("code"), folder.File(".mlops/s3/local/code/sourcedir.tar.gz"));
        return TrainingStep(new JsonObject { ["TrainingImage"] = "any" }, new JsonObject
        {
            ["depth"] = Expression.Parameter("depth"),
            ["sagemaker_program"] = "train.py",
            ["sagemaker_submit_directory"] = "s3://local/code/sourcedir.tar.gz",
        }, 60);
    }

    private static JsonObject TrainingStep(JsonObject algorithm, JsonObject hyperparameters, int limit) => new()
    {
        ["Name"] = "train",
        ["Type"] = "Training",
        ["Arguments"] = new JsonObject
        {
            ["AlgorithmSpecification"] = algorithm,
            ["HyperParameters"] = hyperparameters,
            ["InputDataConfig"] = new JsonArray(new JsonObject
            {
                ["ChannelName"] = "train",
                ["DataSource"] = new JsonObject { ["S3DataSource"] = new JsonObject { ["S3Uri"] = Expression.ProcessingOutput("preprocess", "train") } },
            }),
            ["OutputDataConfig"] = new JsonObject { ["S3OutputPath"] = RunUri("train") },
            ["StoppingCondition"] = new JsonObject { ["MaxRuntimeInSeconds"] = limit },
        },
        ["CacheConfig"] = new JsonObject { ["Enabled"] = true },
    };

    private static JsonObject Gates(double min) => new()
    {
        ["Name"] = "gates",
        ["Type"] = "Condition",
        ["Arguments"] = new JsonObject
        {
            ["Conditions"] = new JsonArray(new JsonObject { ["Type"] = "GreaterThanOrEqualTo", ["LeftValue"] = Expression.FromPropertyFile("evaluate", "report", "metrics.accuracy.value"), ["RightValue"] = min }),
            ["IfSteps"] = new JsonArray(new JsonObject
            {
                ["Name"] = "register",
                ["Type"] = "RegisterModel",
                ["Arguments"] = new JsonObject
                {
                    ["ModelPackageGroupName"] = "models",
                    ["InferenceSpecification"] = new JsonObject { ["Containers"] = new JsonArray(new JsonObject { ["ModelDataUrl"] = Expression.Reference("Steps.train.ModelArtifacts.S3ModelArtifacts") }) },
                },
            }),
            ["ElseSteps"] = new JsonArray(new JsonObject { ["Name"] = "failed", ["Type"] = "Fail", ["Arguments"] = new JsonObject { ["ErrorMessage"] = "gates failed" } }),
        },
    };

    private static JsonObject RunUri(params string[] rest) =>
        Expression.Joined("/", [JsonValue.Create("s3://local/runs"), Expression.Reference("Execution.PipelineExecutionId"), .. rest.Select(r => JsonValue.Create(r))]);
}
