namespace Mlops.Host.Tests;

/// <summary>Steps and models in their images ('local.sandbox: docker'), and commands that stand for an image.</summary>
public sealed class ContainerTests(ContainerEngine engine) : IClassFixture<ContainerEngine>, IAsyncDisposable
{
    private const string Elsewhere = "111111111111.dkr.ecr.us-east-1.amazonaws.com/own:1";

    private readonly TemporaryFolder folder = TestFolder.Temporary();

    [SkippableFact]
    public async Task A_model_trains_is_evaluated_and_serves_in_its_image_at_opt_ml()
    {
        engine.SkipWhereMissing();
        await DeployAsync();

        folder.Write("payload.csv", "1\n2\n");
        var answer = await MlopsProgram.SucceedAsync(folder.Path, "predict", "payload.csv", "--artifacts", "bin/mlops");
        var serving = engine.Running();
        await MlopsProgram.SucceedAsync(folder.Path, "stop", "--artifacts", "bin/mlops");

        Assert.Equal("7 for 1\n7 for 2\n", answer);
        Assert.Equal(1, serving);
        Assert.Equal(0, engine.Running());
    }

    [SkippableFact]
    public async Task An_image_without_a_script_trains_by_itself()
    {
        engine.SkipWhereMissing();
        WriteTraining(ContainerEngine.Image, "7");

        var (exitCode, output) = await RunAsync("--sandbox", "docker");

        Assert.True(exitCode == 0, output);
        Assert.Contains("lines=3; in_container=True; host=algo-1", await LogAsync(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_job_s_folders_may_lie_anywhere_and_a_link_out_of_them_is_not_followed()
    {
        engine.SkipWhereMissing();
        folder.Write("secret.txt", "of this machine");
        folder.Write("definition.json", $$"""
            { "Version": "2020-12-01", "Steps": [{ "Name": "look", "Type": "Processing", "Arguments": {
              "AppSpecification": { "ImageUri": "{{ContainerEngine.Image}}", "ContainerEntrypoint": ["sh", "-c", "cp /data/in/* /data/out/ && ln -s {{folder.File("secret.txt")}} /data/out/secret.txt && ln -s ../../../../../../../secret.txt /data/out/near.txt && ln -s {{folder.Path}} /data/in/folder && ln -s folder/secret.txt /data/in/link && ln -s ../in/link /data/out/through.txt && mkdir /data/in/x && ln -s {{folder.File("secret.txt")}} /data/in/x/p && ln -s ../in/x /data/out/d"] },
              "ProcessingInputs": [{ "InputName": "in", "S3Input": { "S3Uri": "s3://theirs/in", "LocalPath": "/data/in", "S3DataType": "S3Prefix", "S3InputMode": "File" } }],
              "ProcessingOutputConfig": { "Outputs": [{ "OutputName": "out", "S3Output": { "S3Uri": "s3://theirs/out", "LocalPath": "/data/out", "S3UploadMode": "EndOfJob" } }] } } }] }
            """);
        folder.Write("given/a.txt", "a");

        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, "run", "definition.json", "--yes", "--sandbox", "docker", "--source", $"s3://theirs/in={folder.File("given")}");

        Assert.True(exitCode == 0, output);
        Assert.Equal(["a.txt", "d"], Directory.GetFileSystemEntries(folder.File(".mlops/s3/theirs/out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(folder.File(".mlops/s3/theirs/out/d")));
    }

    [SkippableFact]
    public async Task A_killed_runs_container_ends_when_the_next_run_begins()
    {
        engine.SkipWhereMissing();
        WriteTraining(ContainerEngine.Image, "wait");
        using (var run = MlopsProgram.Start(folder.Path, Arguments("--sandbox", "docker")))
        {
            for (var i = 0; i < 100 && engine.Running() == 0; i++)
                await Task.Delay(100);
            Assert.Equal(1, engine.Running());
            run.Kill();
            await run.WaitForExitAsync();
        }

        WriteTraining(ContainerEngine.Image, "7");
        var (exitCode, output) = await RunAsync("--sandbox", "docker");

        Assert.True(exitCode == 0, output);
        Assert.Equal(0, engine.Running());
    }

    [SkippableFact]
    public async Task An_image_that_is_not_there_fails_its_step_and_says_how_to_get_it()
    {
        engine.SkipWhereMissing();
        WriteTraining("127.0.0.1:1/none:1", "7");

        var (exitCode, output) = await RunAsync("--sandbox", "docker");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("the image was not started: is it there, or have you logged in to its registry?", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("--privileged", "{}", "'--privileged' is no name of an image")]
    [InlineData("--volume=/:/host", "{}", "'--volume=/:/host' is no name of an image")]
    [InlineData("", "{}", "'' is no name of an image")]
    [InlineData(ContainerEngine.Image, """{ "*": "x" }""", "'*' is no name of a variable")]
    [InlineData(ContainerEngine.Image, """{ "KEY": "a\nb" }""", "The variable 'KEY' has several lines")]
    public async Task What_an_engine_would_take_for_something_else_is_refused(string image, string variables, string message)
    {
        engine.SkipWhereMissing();
        WriteTraining(image, "7", $", \"Environment\": {variables}");

        var (exitCode, output) = await RunAsync("--sandbox", "docker");

        Assert.Equal(1, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_definitions_variables_are_the_containers_alone()
    {
        engine.SkipWhereMissing();
        WriteTraining(ContainerEngine.Image, "7", """, "Environment": { "PATH": "/bin:/usr/bin", "CONTAINERS_CONF": "input/data/train/a.csv", "DOCKER_HOST": "unix:///nowhere", "OWN": "a b=c" }""", "/bin/env");

        var (exitCode, output) = await RunAsync("--sandbox", "docker");

        Assert.True(exitCode == 0, output);
        Assert.Contains("OWN=a b=c", await LogAsync(), StringComparison.Ordinal);
        Assert.Contains("DOCKER_HOST=unix:///nowhere", await LogAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.File(".mlops"), "container.*", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task A_killed_servers_containers_end_with_the_next_stop()
    {
        engine.SkipWhereMissing();
        await DeployAsync();
        var server = int.Parse(System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(folder.File(".mlops/server.json")))!["Pid"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
        using (var process = System.Diagnostics.Process.GetProcessById(server))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        await MlopsProgram.SucceedAsync(folder.Path, "stop", "--artifacts", "bin/mlops");

        Assert.Equal(0, engine.Running());
    }

    [SkippableFact]
    public async Task A_command_stands_for_an_image_where_others_run_in_containers()
    {
        engine.SkipWhereMissing();
        WriteTraining(Elsewhere, "7");
        folder.Write("tools/own.sh", "cat > /dev/null; echo here > \"$SM_MODEL_DIR/model.txt\"");

        var (exitCode, output) = await RunAsync("--sandbox", "docker", "--stand-in", $"{Elsewhere}=sh tools/own.sh");

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task A_command_stands_for_an_image_that_holds_its_program()
    {
        WriteTraining(Elsewhere, "7");
        folder.Write("tools/own.sh", """
            cat > request.json
            echo "told $1" > "$SM_MODEL_DIR/model.txt"
            """);

        var (exitCode, output) = await RunAsync("--stand-in", $"{Elsewhere}=sh tools/own.sh");

        Assert.True(exitCode == 0, output);
        Assert.Contains("\"TrainingImage\"", await File.ReadAllTextAsync(folder.File("request.json")), StringComparison.Ordinal);
        Assert.Equal("told train\n", await File.ReadAllTextAsync(Directory.GetFiles(folder.File(".mlops"), "model.txt", SearchOption.AllDirectories).Single()));
    }

    [Fact]
    public async Task Without_a_stand_in_the_three_ways_are_named()
    {
        WriteTraining(Elsewhere, "7");

        var (exitCode, output) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("MLOPS6002", output, StringComparison.Ordinal);
        Assert.Contains("sandbox: docker", output, StringComparison.Ordinal);
        Assert.Contains($"stand_ins: {{ \"{Elsewhere}\": python3 tools/program.py }}", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("namespace")]
    [InlineData("docker")]
    public async Task Hosts_of_a_job_find_each_other_by_name(string sandbox)
    {
        if (sandbox == "docker")
            engine.SkipWhereMissing();
        Skip.If(Conformance.Run("unshare", "--user", "--map-root-user", "--mount", "true").ExitCode != 0, "This system lets no user make mount namespaces.");
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        folder.Write("code/meet.py", """
            import json, socket, time
            hosts = json.load(open("/opt/ml/config/resourceconfig.json"))
            me, first = hosts["current_host"], hosts["hosts"][0]
            if me == first:
                server = socket.create_server((me, 29500))
                server.settimeout(20)
                print("met", server.accept()[0].recv(100).decode())
            else:
                for _ in range(200):
                    try: connection = socket.create_connection((first, 29500)); break
                    except OSError: time.sleep(0.1)
                connection.sendall(me.encode())
            """);
        folder.Write("definition.json", $$"""
            {
              "Version": "2020-12-01",
              "Steps": [{
                "Name": "Meet", "Type": "Processing",
                "Arguments": {
                  "ProcessingResources": { "ClusterConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 30 } },
                  "AppSpecification": { "ImageUri": "{{ContainerEngine.Image}}", "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/meet.py"] },
                  "RoleArn": "arn:aws:iam::123456789012:role/any",
                  "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
                  "ProcessingInputs": [{ "InputName": "code", "S3Input": { "S3Uri": "s3://their/code", "LocalPath": "/opt/ml/processing/input/code", "S3DataType": "S3Prefix", "S3InputMode": "File" } }]
                }
              }]
            }
            """);

        var (exitCode, output) = await RunAsync("--source", "s3://their/code=code", "--sandbox", sandbox);

        Assert.True(exitCode == 0, output);
        Assert.Contains("met algo-2", await LogAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await MlopsProgram.RunAsync(folder.Path, "stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    private async Task DeployAsync()
    {
        folder.Write("data/numbers.csv", "1,2\n3,4\n");
        folder.Write("src/train.py", """
            import json
            open("/opt/ml/model/model.txt", "w").write(json.load(open("/opt/ml/input/config/hyperparameters.json"))["answer"])
            """);
        folder.Write("src/evaluate.py", """
            import os
            assert os.path.exists("/bin/train"), "this is not the image"
            assert os.environ["SAGEMAKER_BASE_DIR"] == "/opt/ml"
            open("/opt/ml/processing/output/report/evaluation.json", "w").write('{"regression_metrics": {"mae": {"value": 0.5}}}')
            """);
        folder.Write("src/serve.py", "raise SystemExit('the image has its own program')");
        folder.Write("config.yaml", $$"""
            model: { name: contained, problem_type: regression }
            runtime: { framework: custom, image: "{{ContainerEngine.Image}}" }
            data: { numbers: { source: data/numbers.csv } }
            build:
              train: { entry_point: src/train.py, inputs: { train: numbers }, hyperparameters: { answer: "7" } }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference: { entry_point: src/serve.py, content_types: [text/csv], response_types: [text/csv] }
            deploy: [{ stage: production, realtime: {} }]
            local: { sandbox: docker }
            """);
        await MlopsProgram.SucceedAsync(folder.Path, "compile", "config.yaml", "--output", "bin/mlops");

        await MlopsProgram.SucceedAsync(folder.Path, "deploy", "--artifacts", "bin/mlops");
    }

    private void WriteTraining(string image, string answer, string further = "", string? entrypoint = null)
    {
        folder.Write("numbers/a.csv", "1\n2\n3\n");
        folder.Write("definition.json", $$"""
            {
              "Version": "2020-12-01",
              "Steps": [{
                "Name": "Train", "Type": "Training",
                "Arguments": {
                  "AlgorithmSpecification": { "TrainingImage": "{{image}}", "TrainingInputMode": "File"{{(entrypoint is null ? "" : $", \"ContainerEntrypoint\": [\"{entrypoint}\"]")}} },
                  "HyperParameters": { "answer": "{{answer}}" },
                  "InputDataConfig": [{ "ChannelName": "train", "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://their/numbers", "S3DataDistributionType": "FullyReplicated" } } }],
                  "OutputDataConfig": { "S3OutputPath": "s3://their/models" },
                  "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30 },
                  "RoleArn": "arn:aws:iam::123456789012:role/any",
                  "StoppingCondition": { "MaxRuntimeInSeconds": 600 }{{further}}
                }
              }]
            }
            """);
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] options) => MlopsProgram.RunAsync(folder.Path, Arguments(options));

    private string[] Arguments(params string[] options) =>
        ["run", "definition.json", "--yes", .. options, .. options.Contains("--source") ? [] : new[] { "--source", "s3://their/numbers=numbers" }];

    private async Task<string> LogAsync() =>
        string.Concat(await Task.WhenAll(Directory.GetFiles(folder.File(".mlops/runs"), "*.log", SearchOption.AllDirectories).Select(f => File.ReadAllTextAsync(f))));
}
