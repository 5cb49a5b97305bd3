using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Executions beside those of a deploy: chosen steps, stopping, logs, and what earlier ones did.</summary>
public sealed class ExecutionTests(StandIn aws) : AwsTest(aws)
{
    private const string Newest = "client('sagemaker').list_pipeline_executions(PipelineName='penguins')['PipelineExecutionSummaries'][0]";

    [SkippableFact]
    public async Task A_chosen_step_and_all_after_it_run_with_what_an_earlier_execution_left()
    {
        using var repository = await DeployedAsync();

        var result = await repository.OnAsync(c => RunVerb.RunAsync(c, new RunRequest { Selection = new SelectedSteps(StepSelection.From(c.Workspace.Pipeline, "evaluate"), null) }, CancellationToken.None));

        Assert.Equal(("Succeeded", true, 2), (result.Status, result.Ran, result.Version));
        var steps = Aws.Boto($"[[s['StepName'], 'SelectiveExecutionResult' in s] for s in client('sagemaker').list_pipeline_execution_steps(PipelineExecutionArn={Newest}['PipelineExecutionArn'], SortOrder='Ascending')['PipelineExecutionSteps']]")!.AsArray();
        Assert.Contains("[\"train\",true]", steps.Select(s => s!.ToJsonString()));
        Assert.Contains("[\"evaluate\",false]", steps.Select(s => s!.ToJsonString()));
        var definition = JsonNode.Parse((string)Aws.Boto("client('s3').get_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/provenance/penguins/2.intoto.json')['Body'].read().decode()")!)!["predicate"]!["buildDefinition"]!;
        Assert.Equal("evaluate", (string?)definition["externalParameters"]!["selectedSteps"]![0]);
        Assert.NotNull((string?)definition["externalParameters"]!["sourceExecution"]);
        // What the earlier execution was made of, this one does not know.
        var known = definition["resolvedDependencies"]!.AsArray().ToDictionary(d => (string)d!["name"]!, d => d!["digest"] is not null);
        Assert.True(known["code/source/evaluate.tar"]);
        Assert.False(known["code/source/train.tar"] || known["data/penguins"]);
    }

    [SkippableFact]
    public async Task The_newest_execution_that_failed_is_listed_with_its_step_and_reason()
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(new JsonObject { ["fail"] = new JsonObject { ["step"] = "train", ["reason"] = "AlgorithmError: no rows", ["log"] = new JsonArray() } });
        repository.Edit("src/train.py");
        await repository.FailAsync(() => repository.DeployAsync());

        var runs = await repository.OnAsync(c => c.Platform.Pipelines.NewestAsync(c.Workspace.Deployment.PipelineName, 5, whole: false, CancellationToken.None));

        Assert.StartsWith("train: AlgorithmError: no rows", runs[0].FailureReason, StringComparison.Ordinal);
        Assert.Equal(["Failed", "Succeeded"], runs.Select(r => r.Status));
    }

    [SkippableFact]
    public async Task What_a_version_was_made_with_is_said_in_values_and_not_in_expressions()
    {
        await StartAsync();
        using var repository = new ModelRepository("parameters", c => c.Replace(", weighted_f1: { max_rise: 0.5 }, my.count.value: { max: 3 }", "", StringComparison.Ordinal));
        await repository.DeployAsync();

        var made = await repository.OnAsync(c => c.Platform.Models.ProvenanceAsync("penguin-models", 1, CancellationToken.None));

        var hyperparameters = JsonNode.Parse(made!)!["predicate"]!["buildDefinition"]!["externalParameters"]!["hyperparameters"]!.AsObject();
        Assert.Equal(["train.depth=6", "train.rate=0.1", "train.rounds=200"], hyperparameters.Select(h => $"{h.Key}={h.Value}").Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task Chosen_steps_without_an_earlier_execution_are_refused()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");

        var problem = await repository.FailAsync(() => repository.OnAsync(async c =>
        {
            await PublishVerb.RunAsync(c, CancellationToken.None);
            return await RunVerb.RunAsync(c, new RunRequest { Selection = new SelectedSteps(["evaluate"], null) }, CancellationToken.None);
        }));

        Assert.Equal("MLOPS5017", problem.Code);
        Assert.Equal(0, (int?)Aws.Boto("len(client('sagemaker').list_pipeline_executions(PipelineName='penguins')['PipelineExecutionSummaries'])"));
    }

    [SkippableTheory]
    [InlineData(true, "Stopped")]
    [InlineData(false, "Executing")]
    public async Task Whoever_stops_the_command_stops_the_execution_if_that_was_asked_for(bool asked, string status)
    {
        await StartAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"polls": 1000}""")!.AsObject());
        using var repository = new ModelRepository("stages");
        using var stopping = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => repository.OnAsync(async c =>
        {
            await PublishVerb.RunAsync(c, CancellationToken.None);
            stopping.CancelAfter(TimeSpan.FromSeconds(1));
            return await RunVerb.RunAsync(c, new RunRequest { StopsWhenCancelled = asked }, stopping.Token);
        }, stopping.Token));

        Assert.Equal(status, (string?)Aws.Boto(Newest + "['PipelineExecutionStatus']"));
    }

    [SkippableFact]
    public async Task The_log_of_a_step_is_all_that_its_newest_run_wrote()
    {
        await StartAsync();
        var lines = new JsonArray([.. Enumerable.Range(1, 50).Select(i => JsonValue.Create($"epoch {i}"))]);
        await Aws.SetAsync(new JsonObject { ["fail"] = new JsonObject { ["step"] = "train", ["reason"] = "AlgorithmError", ["log"] = lines } });
        using var repository = new ModelRepository("stages");
        await repository.FailAsync(() => repository.DeployAsync());
        using var log = new MemoryStream();

        Assert.True(await repository.OnAsync(c => c.Platform.CopyLogAsync("train", log, CancellationToken.None)));
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"epoch {i}"), Encoding.UTF8.GetString(log.ToArray()).TrimEnd().Split('\n'));
        Assert.False(await repository.OnAsync(c => c.Platform.CopyLogAsync("evaluate", log, CancellationToken.None)));
    }

    [SkippableFact]
    public async Task Runs_are_listed_with_versions_and_metrics_and_two_of_them_compared()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("train.py, inputs: [preprocess.train] }", "train.py, inputs: [preprocess.train], hyperparameters: { depth: 4 } }", StringComparison.Ordinal));
        await repository.DeployAsync();

        var runs = await repository.OnAsync(c => c.Platform.Pipelines.NewestAsync("penguins", 5, whole: true, CancellationToken.None));
        Assert.Equal([2, 1], runs.Select(r => r.Version));
        Assert.All(runs, r => Assert.Equal(0.95, r.Metrics["accuracy"]));
        Assert.All(runs, r => Assert.NotNull(r.Seconds));

        var differences = await repository.OnAsync(c => c.Platform.Pipelines.CompareAsync("penguins", runs[1].ExecutionId[..8], runs[0].ExecutionId, CancellationToken.None));
        Assert.Contains(new RunDifference(null, "version", "1", "2"), differences);
        Assert.Contains(new RunDifference("train", "HyperParameters.depth", null, "4"), differences);
        Assert.Equal("MLOPS7045", (await repository.FailAsync(() => repository.OnAsync(c => c.Platform.Pipelines.CompareAsync("penguins", "none", "none", CancellationToken.None)))).Code);
    }
}
