using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>The whole way on AWS: publish, run, gate, register, approve, deploy.</summary>
[Collection(AwsCollection.Name)]
public sealed class DeployTests(StandIn aws) : IAsyncLifetime
{
    private static readonly JsonObject GoodReport = JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.95}}}}""")!.AsObject();

    public Task InitializeAsync() => aws.Url is null ? Task.CompletedTask : aws.ResetAsync();

    /// <summary>Whatever a test did: no request had a form that AWS would refuse.</summary>
    public async Task DisposeAsync()
    {
        if (aws.Url is not null)
            Assert.Empty(await aws.InvalidAsync());
    }

    [SkippableFact]
    public async Task A_version_goes_through_the_stages_as_far_as_it_is_approved()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");

        var first = await repository.DeployAsync();
        Assert.Equal(["test"], first.Urls.Select(u => u.Stage));
        Assert.Contains(repository.Events.All.OfType<StageChanged>(), s => s is { Stage: "acceptance", Status: "PendingApproval", Version: 1 });

        await repository.ApproveAsync("acceptance", reason: "measured by hand; \"good\"");
        await repository.ApproveAsync("production");
        var second = await repository.DeployAsync();

        Assert.Equal(["test", "acceptance", "production"], second.Urls.Select(u => u.Stage));
        Assert.Equal(["InService", "InService", "InService"], Texts(aws.Boto("[client('sagemaker').describe_endpoint(EndpointName='penguins-' + s)['EndpointStatus'] for s in ('test', 'acceptance', 'production')]")));
        Assert.Equal(["Approved", "arn:aws:sts::123456789012:user/moto"], Texts(aws.Boto("(lambda p: [p['ModelApprovalStatus'], p['ApprovalDescription']])(client('sagemaker').describe_model_package(ModelPackageName='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1'))")));
        Assert.Equal(["False", "False", "True"], Texts(aws.Boto("[str(client('cloudformation').describe_stacks(StackName='penguins-' + s)['Stacks'][0].get('EnableTerminationProtection')) for s in ('test', 'acceptance', 'production')]")));
        Assert.Equal("0", (await repository.OnAsync(c => c.Platform.Stages.InvokeAsync(c.Workspace.Stage("production"), new Ports.InvokeRequest("1,2"u8.ToArray(), "text/csv"), CancellationToken.None))).Body.AsSpan(0, 1).ToArray().Select(b => $"{(char)b}").Single());
    }

    [SkippableFact]
    public async Task A_deploy_without_a_change_writes_nothing_and_asks_little()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        await aws.RequestsAsync();

        var outcome = await repository.DeployAsync();

        var requests = await aws.RequestsAsync();
        Assert.False(outcome.Changed);
        Assert.DoesNotContain(requests, r => (bool)r["write"]!);
        Assert.InRange(requests.Count, 1, 12);
    }

    [SkippableFact]
    public async Task An_edit_sends_and_runs_what_differs()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        File.AppendAllText(repository.PathOf("src/evaluate.py"), "\n# Another one.\n");
        repository.Change(c => c);
        await aws.RequestsAsync();

        var outcome = await repository.DeployAsync();

        var writes = (await aws.RequestsAsync()).Where(r => (bool)r["write"]!).ToList();
        Assert.Equal(2, outcome.Version);
        Assert.Single(writes, r => Path(r).Contains("/source/", StringComparison.Ordinal));
        Assert.DoesNotContain(writes, r => Path(r).Contains("/data/", StringComparison.Ordinal) || Path(r).Contains("/archive/", StringComparison.Ordinal));
        Assert.Single(writes, r => (string?)r["operation"] == "UpdatePipeline");
    }

    [SkippableFact]
    public async Task A_failed_gate_is_an_error_at_its_line_and_registers_nothing()
    {
        await aws.ResetAsync();
        await aws.SetAsync(JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.62}}}}""")!.AsObject());
        using var repository = new ModelRepository("stages");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5001", problem.Code);
        Assert.EndsWith("config.yaml", problem.File, StringComparison.Ordinal);
        Assert.Contains("accuracy 0.62 is below 0.9", problem.Message, StringComparison.Ordinal);
        Assert.Empty(aws.Boto("client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList']")!.AsArray());
    }

    [SkippableFact]
    public async Task A_failed_step_shows_its_reason_and_its_last_lines()
    {
        await aws.ResetAsync();
        await aws.SetAsync(JsonNode.Parse("""{"fail": {"step": "train", "reason": "AlgorithmError: exit code 1", "log": ["Traceback", "ValueError: no rows"]}}""")!.AsObject());
        using var repository = new ModelRepository("stages");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5004", problem.Code);
        Assert.Contains("AlgorithmError: exit code 1", problem.Message, StringComparison.Ordinal);
        Assert.True(problem.Line > 0);
        Assert.Contains(repository.Events.All.OfType<Notice>(), n => n.Text == "train | ValueError: no rows");
    }

    [SkippableFact]
    public async Task What_does_not_pass_its_tests_is_taken_back()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        File.AppendAllText(repository.PathOf("src/train.py"), "\n# Another one.\n");
        repository.Change(c => c);
        await aws.SetAsync(JsonNode.Parse("""{"predictions": {"status": 500, "content_type": "text/plain", "body": "KeyError: 'island'"}}""")!.AsObject());

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.Contains("500", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("/1", (string?)aws.Boto("[p['ParameterValue'] for p in client('cloudformation').describe_stacks(StackName='penguins-test')['Stacks'][0]['Parameters'] if p['ParameterKey'] == 'ModelPackageArn'][0]"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_deploy_that_was_broken_off_before_its_tests_is_tested_by_the_next_and_taken_back()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        repository.Change(c => c.Replace("train.py, inputs: [preprocess.train] }", "train.py, inputs: [preprocess.train], hyperparameters: { depth: 4 } }", StringComparison.Ordinal));
        // As a process that is killed after the stack was changed: version 2 serves, and nobody has tested it.
        await repository.OnAsync(async c =>
        {
            await PublishVerb.RunAsync(c, CancellationToken.None);
            var run = await RunVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None);
            return await c.Platform.Stages.PutAsync(c.Workspace.Stage("test"), (await c.Platform.Models.FindAsync("penguins", run.Version!.Value, CancellationToken.None))!, null, CancellationToken.None);
        });
        await aws.SetAsync(JsonNode.Parse("""{"predictions": {"status": 500, "content_type": "text/plain", "body": "broken"}}""")!.AsObject());

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.EndsWith("/1", (string?)aws.Boto("[p['ParameterValue'] for p in client('cloudformation').describe_stacks(StackName='penguins-test')['Stacks'][0]['Parameters'] if p['ParameterKey'] == 'ModelPackageArn'][0]"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_approval_that_was_taken_back_in_Studio_does_not_count()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        await repository.ApproveAsync("production", reason: "first\nsecond line");
        aws.Boto("client('sagemaker').update_model_package(ModelPackageArn='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1', ModelApprovalStatus='PendingManualApproval')['ModelPackageArn']");

        Assert.Null(await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None)));
    }

    [SkippableFact]
    public async Task After_everything_was_taken_away_the_same_content_is_published_anew()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        var outcome = await repository.DeployAsync();

        Assert.Equal("test", Assert.Single(outcome.Urls).Stage);
    }

    [SkippableFact]
    public async Task An_older_version_comes_back_without_a_run()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        File.AppendAllText(repository.PathOf("src/train.py"), "\n# Another one.\n");
        repository.Change(c => c);
        await repository.DeployAsync();
        await aws.RequestsAsync();

        var outcome = await repository.DeployAsync(new DeployOptions("test", 1));

        Assert.Equal(1, Assert.Single(outcome.Urls).Version);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (string?)r["operation"] == "StartPipelineExecution");
    }

    [SkippableFact]
    public async Task A_decision_in_SageMaker_Studio_counts()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        aws.Boto("client('sagemaker').update_model_package(ModelPackageArn='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1', ModelApprovalStatus='Approved', ApprovalDescription='seen in Studio')['ModelPackageArn']");

        var decision = await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None));

        Assert.Equal("Approved", decision?.Decision);
        Assert.Equal("seen in Studio", decision?.Reason);
        Assert.Null(await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "acceptance", CancellationToken.None)));
    }

    [SkippableFact]
    public async Task A_version_has_a_statement_of_what_it_was_made_of()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();

        var lineage = await repository.OnAsync(c => LineageVerb.RunAsync(c, null, CancellationToken.None));

        Assert.Equal(1, lineage.Version);
        Assert.Equal(0.95, lineage.Metrics["multiclass_classification_metrics.accuracy.value"]);
        Assert.Equal(["test"], lineage.Stages.Select(s => s.Stage));
        var statement = JsonNode.Parse((string)aws.Boto("client('s3').get_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/provenance/penguins/1.intoto.json')['Body'].read().decode()")!)!;
        Assert.Equal("https://slsa.dev/provenance/v1", (string?)statement["predicateType"]);
        Assert.Contains("data/penguins", statement["predicate"]!["buildDefinition"]!["resolvedDependencies"]!.AsArray().Select(d => (string?)d!["name"]));
    }

    [SkippableFact]
    public async Task Destroy_keeps_data_and_versions_and_asks_before_a_protected_stage()
    {
        await aws.ResetAsync();
        await aws.SetAsync(Clone(GoodReport));
        using var repository = new ModelRepository("stages");
        await repository.DeployAsync();
        await repository.ApproveAsync("acceptance");
        await repository.ApproveAsync("production");
        await repository.DeployAsync();

        Assert.Equal("MLOPS7024", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions()))).Code);
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        Assert.Empty(aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")!.AsArray());
        Assert.Equal(1, (int?)aws.Boto("len(client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'])"));
        Assert.Contains(Texts(aws.Boto("[o['Key'] for o in client('s3').list_objects_v2(Bucket='penguins-123456789012-us-east-1')['Contents']]")), k => k.StartsWith("penguins/data/", StringComparison.Ordinal));
    }

    private static JsonObject Clone(JsonObject scenario) => scenario.DeepClone().AsObject();

    private static string Path(JsonObject request) => (string)request["path"]!;

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(i => (string)i!);
}
