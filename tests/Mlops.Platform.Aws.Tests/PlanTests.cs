using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>What a deploy would do, before it does it.</summary>
public sealed class PlanTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task An_empty_account_gets_everything_and_the_plan_itself_writes_nothing()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");

        var plan = await PlanAsync(repository);

        Assert.Contains(new PlannedChange("Add", "resource", "penguins-build/Bucket", "AWS::S3::Bucket"), plan.Changes);
        Assert.Equal(["preprocess", "train", "evaluate"], plan.Changes.Where(c => c.Action == "Run").Select(c => c.Name));
        Assert.Equal(["test", "acceptance", "production"], plan.Changes.Where(c => c.Kind == "stage").Select(c => c.Name));
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task After_a_deploy_there_is_nothing_to_do()
    {
        using var repository = await DeployedAsync();

        Assert.False((await PlanAsync(repository)).HasWork);
    }

    [SkippableFact]
    public async Task An_edit_says_which_steps_run_and_which_resources_change()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("environment: { LEVEL: debug }", "environment: { LEVEL: info }", StringComparison.Ordinal));

        var stage = await PlanAsync(repository);
        repository.Change(c => c.Replace("train.py, inputs: [preprocess.train] }", "train.py, inputs: [preprocess.train], hyperparameters: { depth: 4 } }", StringComparison.Ordinal));
        var step = await PlanAsync(repository);

        Assert.Equal("AWS::SageMaker::Model: PrimaryContainer.Environment.LEVEL: debug -> info", stage.Changes.Single(c => c is { Action: "Replace", Name: "penguins-test/Model" }).Reason);
        Assert.DoesNotContain(stage.Changes, c => c.Action == "Run");
        Assert.Equal("HyperParameters.depth: none -> 4", step.Changes.Single(c => c is { Action: "Run", Name: "train" }).Reason);
        Assert.Equal("after 'train', if its results differ", step.Changes.Single(c => c is { Action: "Run", Name: "evaluate" }).Reason);
        Assert.DoesNotContain(step.Changes, c => c is { Action: "Run", Name: "preprocess" });
    }

    [SkippableFact]
    public async Task Code_that_goes_back_is_planned_with_the_version_that_it_made()
    {
        using var repository = await DeployedAsync();
        var first = File.ReadAllText(repository.PathOf("src/train.py"));
        repository.Edit("src/train.py");
        await repository.DeployAsync();
        File.WriteAllText(repository.PathOf("src/train.py"), first);
        repository.Change(c => c);

        var plan = await PlanAsync(repository);
        var outcome = await repository.DeployAsync();

        Assert.Equal(1, outcome.Version);
        Assert.DoesNotContain(plan.Changes, c => c.Action == "Run" || c.Kind == "version");
        Assert.Contains(plan.Changes, c => c is { Kind: "resource", Name: "penguins-test/Model" });
    }

    [SkippableFact]
    public async Task A_step_that_is_not_cached_is_planned_to_run_again()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace("train.py, inputs: [preprocess.train] }", "train.py, inputs: [preprocess.train], cache: none }", StringComparison.Ordinal));
        await repository.DeployAsync();

        var plan = await PlanAsync(repository);

        Assert.Equal("is not cached", plan.Changes.Single(c => c is { Action: "Run", Name: "train" }).Reason);
        Assert.Contains(plan.Changes, c => c is { Kind: "version" });
    }

    [SkippableFact]
    public async Task What_somebody_else_changed_is_said_before_a_deploy_undoes_it()
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"drift": {"penguins-test": {"Endpoint": {"status": "MODIFIED", "differences": [{"PropertyPath": "/Tags/0/Value", "ExpectedValue": "a", "ActualValue": "b", "DifferenceType": "NOT_EQUAL"}]}, "EndpointLogs": "MODIFIED"}}}""")!.AsObject());
        repository.Edit("src/train.py");

        await repository.DeployAsync();

        // The deploy has no reason to touch the other one.
        var warning = Assert.Single(repository.Events.All.OfType<Problem>(), p => p.Code == "MLOPS7056");
        Assert.Equal("Warning", warning.Severity);
        Assert.Contains("'Endpoint' of the stack 'penguins-test' (/Tags/0/Value: a -> b)", warning.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_somebody_else_changed_is_shown_and_left()
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"drift": {"penguins-test": {"Endpoint": "MODIFIED"}}}""")!.AsObject());

        var plan = await PlanAsync(repository);
        await Aws.RequestsAsync();
        await repository.DeployAsync();

        Assert.Equal("penguins-test/Endpoint", Assert.Single(plan.Changes, c => c.Action == "Drift").Name);
        Assert.False(plan.HasWork);
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task A_pipeline_that_somebody_else_changed_is_said_before_it_is_overwritten()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("""(lambda s, n: s.update_pipeline(PipelineName=n, PipelineDefinition=s.describe_pipeline(PipelineName=n)['PipelineDefinition'].replace('ml.m5.xlarge', 'ml.m5.4xlarge'))['PipelineArn'])(client('sagemaker'), 'penguins')""");

        var plan = await PlanAsync(repository);
        await repository.DeployAsync();
        var warned = repository.Events.All.OfType<Problem>().Where(p => p.Code == "MLOPS7063").ToList();
        repository.Edit("src/train.py");
        await repository.DeployAsync();

        Assert.Equal("somebody else changed it since it was published", plan.Changes.Single(c => c is { Action: "Change", Kind: "pipeline" }).Reason);
        Assert.Single(warned);
        // What is ours is changed without a word.
        Assert.DoesNotContain(repository.Events.All, e => e is Problem { Code: "MLOPS7063" });
    }

    [SkippableFact]
    public async Task Data_that_changes_in_S3_is_a_reason_to_run()
    {
        await StartAsync();
        Put("1,a");
        using var repository = new ModelRepository("stages", c => c.Replace("source: data/penguins.csv", "source: s3://warehouse/penguins", StringComparison.Ordinal));
        await repository.DeployAsync();

        var before = await PlanAsync(repository);
        Put("2,b");
        var after = await PlanAsync(repository);
        var outcome = await repository.DeployAsync();

        Assert.False(before.HasWork);
        Assert.Contains("MLOPS_S3_DATA_VERSION", after.Changes.Single(c => c is { Action: "Run", Name: "preprocess" }).Reason, StringComparison.Ordinal);
        Assert.True(outcome.Changed);

        void Put(string content) => Aws.Boto($"(lambda s: [s.create_bucket(Bucket='warehouse')['ResponseMetadata']['HTTPStatusCode'], s.put_object(Bucket='warehouse', Key='penguins/part-1.csv', Body=b'{content}')['ETag']])(client('s3', region_name='us-east-1'))");
    }

    [SkippableFact]
    public async Task A_plan_that_was_kept_is_carried_out_or_refused()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");
        var file = repository.PathOf("plan.json");
        File.WriteAllBytes(file, (await PlanAsync(repository)).ToJson());

        var outcome = await repository.DeployAsync(new DeployOptions { PlanFile = file });
        await Aws.RequestsAsync();
        var problem = await repository.FailAsync(() => repository.DeployAsync(new DeployOptions { PlanFile = file }));

        Assert.Equal(1, outcome.Version);
        Assert.Equal("MLOPS0020", problem.Code);
        // The lock alone: what the plan is compared with must hold until it is carried out.
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]! && !((string)r["path"]!).EndsWith("/lock.json", StringComparison.Ordinal));
    }

    private static Task<Plan> PlanAsync(ModelRepository repository) => repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));
}
