using System.Globalization;
using System.Text;

namespace Mlops.Host.Tests;

/// <summary>SageMaker's built-in XGBoost, without its image: trained, tuned, gated and served on the xgboost package of Python.</summary>
public sealed class BuiltInXgboostTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public Task InitializeAsync()
    {
        folder.Write("config.yaml", """
            model: { name: abalone, problem_type: regression }
            runtime: { framework: xgboost, framework_version: "1.7-1" }
            data:
              rows: { source: data/rows.csv, format: csv, target: y }
            build:
              preprocess: { entry_point: src/prepare.py, inputs: [rows], outputs: [train, validation, test] }
              train:
                algorithm: xgboost
                inputs: { train: { from: preprocess.train, content_type: text/csv }, validation: { from: preprocess.validation, content_type: text/csv } }
                hyperparameters: { num_round: 10, objective: "reg:squarederror" }
                tune:
                  objective: { metric: "validation:rmse" }
                  ranges: { eta: { min: 0.05, max: 0.5 }, max_depth: { type: integer, min: 2, max: 6 } }
                  max_jobs: 2
                  max_parallel_jobs: 2
              evaluate: { entry_point: src/evaluate.py, inputs: [model, preprocess.test] }
              quality_gates: { rmse: { max: 1 } }
            inference: { content_types: [text/csv], response_types: [text/csv] }
            deploy:
              - { stage: staging, realtime: {}, tests: [{ payload: tests/payload.csv, content_type: text/csv }] }
            """);
        folder.Write("src/prepare.py", """
            import csv, glob, os
            base = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/"
            rows = list(csv.reader(open(glob.glob(base + "input/rows/*")[0])))[1:]
            for name, part in (("train", rows[:300]), ("validation", rows[300:350]), ("test", rows[350:])):
                csv.writer(open(base + f"output/{name}/{name}.csv", "w")).writerows(part)
            """);
        folder.Write("src/evaluate.py", """
            import glob, json, os, tarfile
            import numpy as np
            import xgboost
            base = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/"
            tarfile.open(base + "input/model/model.tar.gz").extractall(base + "model")
            m = xgboost.Booster(); m.load_model(base + "model/xgboost-model")
            d = np.loadtxt(glob.glob(base + "input/test/*")[0], delimiter=",")
            rmse = float(np.sqrt(np.mean((m.predict(xgboost.DMatrix(d[:, 1:])) - d[:, 0]) ** 2)))
            json.dump({"regression_metrics": {"rmse": {"value": rmse}}}, open(base + "output/report/evaluation.json", "w"))
            """);
        folder.Write("tests/payload.csv", "1,2\n3,4\n");

        // y = 2a + b, which two trees of any depth come near to.
        var rows = new StringBuilder("y,a,b\n");
        for (var i = 0; i < 400; i++)
        {
            var (a, b) = (i * 37 % 400 / 100.0, i * 61 % 400 / 100.0);
            rows.Append(CultureInfo.InvariantCulture, $"{(2 * a) + b},{a},{b}\n");
        }

        folder.Write("data/rows.csv", rows.ToString());
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task It_is_tuned_gated_registered_and_served()
    {
        var python = Python();
        File.AppendAllText(folder.File("config.yaml"), $"\nlocal: {{ interpreters: {{ python: {python} }} }}\n");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var deployed = await SucceedAsync("deploy", "--artifacts", "bin/mlops");
        Assert.Matches(@"train-00\d: validation:rmse = ", deployed);
        Assert.Contains("abalone: version 1 registered", deployed, StringComparison.Ordinal);

        var scores = (await SucceedAsync("predict", "tests/payload.csv", "--stage", "staging", "--artifacts", "bin/mlops")).Trim().Split(',').Select(s => double.Parse(s, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, scores.Count);
        Assert.InRange(scores[0], 3, 5);
        Assert.InRange(scores[1], 9, 11);
    }

    [SkippableFact]
    public async Task What_the_algorithm_does_not_take_is_the_step_s_failure()
    {
        var python = Python();
        folder.Write("src/prepare.py", (await File.ReadAllTextAsync(folder.File("src/prepare.py"))).Replace(")))[1:]", ")))", StringComparison.Ordinal));
        File.AppendAllText(folder.File("config.yaml"), $"\nlocal: {{ interpreters: {{ python: {python} }} }}\n");
        await SucceedAsync("compile", "config.yaml", "--output", "bin/mlops");

        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, "run", "--artifacts", "bin/mlops");

        Assert.Equal(1, exitCode);
        Assert.Contains("'y' in the first line of train.csv is no number", output, StringComparison.Ordinal);
    }

    public async Task DisposeAsync()
    {
        if (Directory.Exists(folder.File(".mlops")))
            await MlopsProgram.RunAsync(folder.Path, "stop", "--artifacts", "bin/mlops");
        folder.Dispose();
    }

    private static string Python()
    {
        var python = new[] { "python3", "/usr/bin/python3", "python" }.FirstOrDefault(p => Conformance.Run(p, "-c", "import xgboost").ExitCode == 0);
        Skip.If(python is null, "No Python with xgboost is installed.");
        return python!;
    }

    private Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, arguments);
}
