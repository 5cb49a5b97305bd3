namespace Mlops.Host.Tests;

/// <summary>'mlops plan' on this machine: what a deploy would do, by exit code and line.</summary>
public sealed class PlanTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public Task InitializeAsync()
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
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await MlopsProgram.RunAsync(folder.Path, "stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    [SkippableFact]
    public async Task Says_what_would_be_sent_run_and_registered_and_then_that_nothing_is_left()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await CompileAsync();

        var (first, before) = await MlopsProgram.RunAsync(folder.Path, "plan", "--artifacts", "bin/mlops");
        await MlopsProgram.SucceedAsync(folder.Path, "deploy", "--artifacts", "bin/mlops");
        var (second, after) = await MlopsProgram.RunAsync(folder.Path, "plan", "--artifacts", "bin/mlops");

        Assert.Equal(2, first);
        Assert.Contains("+   data numbers", before, StringComparison.Ordinal);
        Assert.Contains(">   step train: is new", before, StringComparison.Ordinal);
        Assert.Contains("version 1, if the gates hold", before, StringComparison.Ordinal);
        Assert.True(second == 0, after);
        Assert.Contains("No changes: a deploy would do nothing.", after, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Says_why_a_step_would_run_again()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await CompileAsync();
        await MlopsProgram.SucceedAsync(folder.Path, "deploy", "--artifacts", "bin/mlops");
        File.WriteAllText(folder.File("config.yaml"), File.ReadAllText(folder.File("config.yaml")).Replace("depth: 3", "depth: 4", StringComparison.Ordinal));
        await CompileAsync();

        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, "plan", "--artifacts", "bin/mlops");

        Assert.Equal(2, exitCode);
        Assert.Contains(">   step train: HyperParameters.depth: 3 -> 4", output, StringComparison.Ordinal);
        Assert.Contains(">   step evaluate: after 'train'", output, StringComparison.Ordinal);
    }

    private Task<string> CompileAsync() => MlopsProgram.SucceedAsync(folder.Path, "compile", "config.yaml", "--output", "bin/mlops");
}
