namespace Mlops.Host.Tests;

/// <summary>Containers before and behind the model: a serial inference pipeline, each container a process that answers the next one.</summary>
public sealed class SerialContainersTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public Task InitializeAsync() => Task.CompletedTask;

    [SkippableFact]
    public async Task A_request_goes_through_all_containers_and_a_changed_archive_of_any_is_refused()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        folder.Write("config.yaml", """
            model: { name: serial, problem_type: regression }
            runtime: { framework: sklearn, framework_version: "1.2-1" }
            data: { numbers: { source: data/numbers.csv } }
            build:
              preprocess: { entry_point: src/prepare.py, inputs: [numbers], outputs: { train: {}, scaler: { format: files } } }
              train: { entry_point: src/train.py, inputs: [preprocess.train] }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference:
              entry_point: serve/model.py
              content_types: [text/csv]
              response_types: [text/csv]
              preprocess: { entry_point: serve/scale.py, artifact: preprocess.scaler }
              postprocess: { entry_point: serve/format.py }
            deploy:
              - { stage: staging, realtime: {} }
            """);
        folder.Write("data/numbers.csv", "1,2\n");
        folder.Write("src/prepare.py", """
            import os, io, tarfile
            base = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/"
            open(base + "train/train.csv", "w").write("1\n")
            with tarfile.open(base + "scaler/model.tar.gz", "w:gz") as archive:
                info = tarfile.TarInfo("scale.txt"); info.size = 2
                archive.addfile(info, io.BytesIO(b"10"))
            """);
        folder.Write("src/train.py", "import os; open(os.environ['SM_MODEL_DIR'] + '/model.txt', 'w').write('3')\n");
        folder.Write("src/evaluate.py", """
            import os
            open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/report/evaluation.json", "w").write('{"regression_metrics": {"mae": {"value": 0.5}}}')
            """);
        folder.Write("serve/scale.py", """
            def model_fn(model_dir): return float(open(model_dir + "/scale.txt").read())
            def predict_fn(rows, scale): return [[float(v) * scale for v in row] for row in rows]
            """);
        folder.Write("serve/model.py", """
            def model_fn(model_dir): return float(open(model_dir + "/model.txt").read())
            def predict_fn(rows, model): return [[sum(float(v) for v in row) + model] for row in rows]
            """);
        folder.Write("serve/format.py", """
            def model_fn(model_dir): return None
            def predict_fn(rows, model): return [["about", round(float(v))] for row in rows for v in row]
            """);
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        await SucceedAsync("deploy", "--artifacts", "bin/mlops");
        Assert.Equal("about,33\n", await SucceedAsync("predict", "data/numbers.csv", "--accept", "text/csv", "--artifacts", "bin/mlops"));

        await SucceedAsync("stop", "--artifacts", "bin/mlops");
        File.AppendAllText(Directory.GetFiles(folder.File(".mlops/s3/local/serial/models"), "model.tar.gz", SearchOption.AllDirectories).Single(f => f.Contains("scaler", StringComparison.Ordinal)), "altered");
        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, "deploy", "--version", "1", "--artifacts", "bin/mlops");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6012", output, StringComparison.Ordinal);
    }

    public async Task DisposeAsync()
    {
        await MlopsProgram.RunAsync(folder.Path, "stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    private Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, arguments);
}
