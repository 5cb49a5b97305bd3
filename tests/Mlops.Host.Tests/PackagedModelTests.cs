namespace Mlops.Host.Tests;

/// <summary>Containers that look for their code in the model's archive alone: it is put there, and served from there.</summary>
public sealed class PackagedModelTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public Task InitializeAsync()
    {
        folder.Write("config.yaml", """
            model: { name: torch, problem_type: regression }
            runtime: { framework: pytorch, framework_version: "2.3" }
            data: { numbers: { source: data/numbers.csv } }
            build:
              train: { entry_point: src/train.py, inputs: [numbers] }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference: { entry_point: serving/inference.py, source_dir: serving }
            deploy:
              - { stage: staging, realtime: {}, tests: [{ payload: data/numbers.csv, content_type: text/csv }] }
            """);
        folder.Write("data/numbers.csv", "1,2\n");
        folder.Write("src/train.py", """
            import os; open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("3")
            """);
        folder.Write("src/evaluate.py", """
            import os
            open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/report/evaluation.json", "w").write('{"regression_metrics": {"mae": {"value": 0.5}}}')
            """);
        folder.Write("serving/inference.py", """
            from factor import times
            def model_fn(model_dir): return int(open(model_dir + "/model.txt").read())
            def predict_fn(data, model): return [[times(float(v), model) for v in row] for row in data]
            """);
        folder.Write("serving/factor.py", "times = lambda a, b: a * b\n");
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task The_code_travels_in_the_archive_and_answers_from_it()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var deployed = await SucceedAsync("deploy", "--artifacts", "bin/mlops");

        Assert.Contains("package-model: done", deployed, StringComparison.Ordinal);
        Assert.Equal("[[3.0, 6.0]]", (await SucceedAsync("predict", "data/numbers.csv", "--stage", "staging", "--artifacts", "bin/mlops")).Trim());
        var archive = Assert.Single(Directory.GetFiles(folder.File(".mlops/s3/local/torch/models"), "model.tar.gz", SearchOption.AllDirectories), f => f.Contains("package-model", StringComparison.Ordinal));
        Assert.Equal(["model.txt", "code/factor.py", "code/inference.py"], Conformance.Run("tar", "tzf", archive).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public async Task DisposeAsync()
    {
        if (Directory.Exists(folder.File(".mlops")))
            await MlopsProgram.RunAsync(folder.Path, "stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    private Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, arguments);
}
