using System.Text.RegularExpressions;

namespace Mlops.Host.Tests;

/// <summary>
/// A model repository whose model answers each line with the hyperparameter 'answer': 'slow' takes a second and a half, 'broken' is an error.
/// </summary>
internal sealed partial class ServedRepository : IAsyncDisposable
{
    private const string Built = "bin/mlops";

    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private readonly HttpClient http = new();
    private string stages;

    private ServedRepository(string stages)
    {
        this.stages = stages;
        folder.Write("data/numbers.csv", "1,2\n");
        folder.Write("src/train.py", """
            import os, json
            open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write(str(json.loads(os.environ["SM_HPS"])["answer"]))
            """);
        folder.Write("src/evaluate.py", """
            import os
            open(os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/report/evaluation.json", "w").write('{"regression_metrics": {"mae": {"value": 0.5}}}')
            """);
        folder.Write("src/serve.py", """
            import time
            def model_fn(model_dir): return open(model_dir + "/model.txt").read()
            def input_fn(body, content_type):
                text = body.decode() if isinstance(body, bytes) else body
                return text.strip().splitlines()
            def predict_fn(lines, model):
                if model == "slow": time.sleep(1.5)
                if model == "broken" or "broken" in lines: raise RuntimeError("broken")
                return "".join(model + "\n" for _ in lines)
            def output_fn(prediction, accept): return prediction, "text/csv"
            """);
    }

    public string PathOf(string name) => folder.File(name);

    public void Write(string name, string text) => folder.Write(name, text);

    /// <param name="stages">The section 'deploy'.</param>
    public static async Task<ServedRepository> DeployedAsync(string stages, string answer = "1")
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        var repository = new ServedRepository(stages);
        await repository.BuildAsync(answer);
        await repository.SucceedAsync("deploy");
        return repository;
    }

    /// <summary>With another model, and other stages where they are given.</summary>
    public async Task BuildAsync(string answer, string? stages = null)
    {
        this.stages = stages ?? this.stages;
        folder.Write("config.yaml", $$"""
            model: { name: served, problem_type: regression }
            runtime: { framework: sklearn, framework_version: "1.2-1" }
            data: { numbers: { source: data/numbers.csv } }
            build:
              train: { entry_point: src/train.py, inputs: [numbers], hyperparameters: { answer: {{answer}} } }
              evaluate: { entry_point: src/evaluate.py, inputs: [model] }
              quality_gates: { mae: { max: 1 } }
            inference: { entry_point: src/serve.py, content_types: [text/csv], response_types: [text/csv] }
            deploy:
            {{this.stages}}
            """);
        await MlopsProgram.SucceedAsync(folder.Path, "compile", "config.yaml", "--output", Built);
    }

    public Task<string> SucceedAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, [.. arguments, "--artifacts", Built]);

    public Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => MlopsProgram.RunAsync(folder.Path, [.. arguments, "--artifacts", Built]);

    public async Task<string> PredictAsync(string lines)
    {
        folder.Write("payload.csv", lines);
        return await SucceedAsync("predict", "payload.csv");
    }

    /// <summary>Where a stage's requests go.</summary>
    public async Task<Uri> UrlAsync() => new(Url().Match(await SucceedAsync("status")).Value);

    public async Task<HttpResponseMessage> PostAsync(Uri url, string lines, string? variant = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(lines) };
        request.Content.Headers.ContentType = new("text/csv");
        if (variant is not null)
            request.Headers.Add("X-Amzn-SageMaker-Target-Variant", variant);
        return await http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        http.Dispose();
        folder.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/endpoints/\S+invocations")]
    private static partial Regex Url();
}
