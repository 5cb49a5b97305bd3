namespace Mlops.Host.Tests;

/// <summary>A model repository whose steps do next to nothing, and the program on it.</summary>
internal sealed class SmallRepository : IAsyncDisposable
{
    private const string Built = "bin/mlops";

    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public SmallRepository()
    {
        folder.Write("config.yaml", """
            model: { name: planned, problem_type: regression }
            runtime: { framework: sklearn, framework_version: "1.2-1" }
            data: { numbers: { source: data/numbers.csv } }
            build:
              train: { entry_point: src/train.py, inputs: [numbers], hyperparameters: { depth: 3 } }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference: { entry_point: src/serve.py }
            deploy:
              - { stage: staging, approval: manual, realtime: {} }
            """);
        folder.Write("data/numbers.csv", "1,2\n");
        folder.Write("src/train.py", """
            import os; open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("3")
            """);
        folder.Write("src/evaluate.py", """
            import os
            open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/report/evaluation.json", "w").write('{"regression_metrics": {"mae": {"value": 0.5}}}')
            """);
        folder.Write("src/serve.py", "def model_fn(model_dir): return 3\n");
    }

    public string PathOf(string name) => folder.File(name);

    public Task<string> CompileAsync() => MlopsProgram.SucceedAsync(folder.Path, "compile", "config.yaml", "--output", Built);

    public Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, [.. arguments, "--artifacts", Built]);

    public Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => MlopsProgram.RunAsync(folder.Path, [.. arguments, "--artifacts", Built]);

    /// <summary>Edits config.yaml.</summary>
    public void Edit(string old, string now) => File.WriteAllText(PathOf("config.yaml"), File.ReadAllText(PathOf("config.yaml")).Replace(old, now, StringComparison.Ordinal));

    /// <summary>Edits config.yaml and builds.</summary>
    public Task<string> ChangeAsync(string old, string now)
    {
        Edit(old, now);
        return CompileAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        folder.Dispose();
    }
}
