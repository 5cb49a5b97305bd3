namespace Mlops.Sdk.Tests;

/// <summary>A model repository whose steps are scripts of the Python standard library.</summary>
internal static class Scripts
{
    public static IEnumerable<(string File, string Text)> Files(string version)
    {
        yield return ("model.csproj", $"<Project Sdk=\"Mlops.Sdk/{version}\" />\n");
        yield return ("config.yaml", """
            model: { name: scripts, problem_type: regression }
            data:
              numbers: { source: data/numbers.csv, format: csv, target: y }
            build:
              train: { entry_point: src/train.py, inputs: [numbers], hyperparameters: { scale: 2 } }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            """);
        yield return ("data/numbers.csv", "x,y\n1,2\n");
        yield return ("src/train.py", """
            import os
            with open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w") as f: f.write(os.environ["SM_HP_SCALE"])
            """);
        yield return ("src/evaluate.py", """
            import json, os
            with open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/report/evaluation.json", "w") as f:
                json.dump({"regression_metrics": {"mae": {"value": 0.5}}}, f)
            """);
    }
}
