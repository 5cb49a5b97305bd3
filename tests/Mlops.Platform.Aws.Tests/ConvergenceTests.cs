using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>What verbs do beside others that last, and after those that were broken off.</summary>
public sealed class ConvergenceTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task Code_larger_than_a_part_of_an_upload_is_sent_in_parts()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");
        var weights = RandomNumberGenerator.GetBytes(6 << 20);
        Directory.CreateDirectory(repository.PathOf("prepare"));
        File.Move(repository.PathOf("src/preprocess.py"), repository.PathOf("prepare/preprocess.py"));
        await File.WriteAllBytesAsync(repository.PathOf("prepare/weights.bin"), weights);
        repository.Change(c => c.Replace("entry_point: src/preprocess.py,", "source_dir: prepare, entry_point: prepare/preprocess.py,", StringComparison.Ordinal));

        await repository.DeployAsync();

        var sent = Aws.Boto("[o['Key'] + ' ' + str(o['Size']) for o in client('s3').list_objects_v2(Bucket='penguins-123456789012-us-east-1', Prefix='penguins/source/')['Contents'] if 'weights' in o['Key']]");
        Assert.All(Texts(sent), k => Assert.EndsWith($"/weights.bin {weights.Length}", k, StringComparison.Ordinal));
        Assert.NotEmpty(Texts(sent));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(weights)), (string)Aws.Boto($"__import__('hashlib').sha256(client('s3').get_object(Bucket='penguins-123456789012-us-east-1', Key='{Texts(sent).First().Split(' ')[0]}')['Body'].read()).hexdigest()")!);
    }

    /// <summary>A training may take hours: nobody waits for it to approve or to roll back, and nothing is taken away under it.</summary>
    [SkippableFact]
    public async Task While_a_pipeline_runs_others_decide_and_nobody_destroys()
    {
        using var repository = await DeployedAsync();
        repository.Edit("src/train.py");
        await Aws.SetAsync(JsonNode.Parse("""{"polls": 100000}""")!.AsObject());
        await Aws.RequestsAsync();
        using var stopping = new CancellationTokenSource();
        var deploying = repository.OnAsync(c => DeployVerb.RunAsync(c, new DeployOptions(), stopping.Token), stopping.Token);
        await UntilStartedAsync(deploying);

        await repository.ApproveAsync("acceptance", version: 1).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("MLOPS7064", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true)))).Code);

        Assert.Equal(1, ServedVersion("penguins-test"));
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deploying);
    }

    [SkippableFact]
    public async Task A_deploy_whose_pipeline_somebody_replaced_while_it_ran_changes_no_stage()
    {
        using var repository = await DeployedAsync();
        repository.Edit("src/evaluate.py");
        await Aws.SetAsync(JsonNode.Parse("""{"polls": 100000}""")!.AsObject());
        await Aws.RequestsAsync();
        var deploying = repository.FailAsync(() => repository.DeployAsync());
        await UntilStartedAsync(deploying);
        Aws.Boto("(lambda s: s.update_pipeline(PipelineName='penguins', PipelineDefinition=s.describe_pipeline(PipelineName='penguins')['PipelineDefinition'].replace('ml.m5', 'ml.c5'))['PipelineArn'])(client('sagemaker'))");
        await Aws.SetAsync(JsonNode.Parse("""{"polls": 2}""")!.AsObject());

        Assert.Equal("MLOPS5022", (await deploying).Code);
        Assert.Equal(1, ServedVersion("penguins-test"));
    }

    [SkippableFact]
    public async Task The_last_stage_is_protected_again_where_a_deploy_before_did_not_come_to_it()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace(", approval: manual", "", StringComparison.Ordinal));
        await repository.DeployAsync();
        Aws.Boto("client('cloudformation').update_termination_protection(StackName='penguins-production', EnableTerminationProtection=False)['StackId']");

        await repository.DeployAsync();

        Assert.True((bool)Aws.Boto("client('cloudformation').describe_stacks(StackName='penguins-production')['Stacks'][0]['EnableTerminationProtection']")!);
        Assert.False((await repository.DeployAsync()).Changed);
    }

    /// <summary>"Update endpoints that use auto scaling": SageMaker refuses another instance type of a variant that is registered.</summary>
    [SkippableFact]
    public async Task Variants_that_are_scaled_are_let_go_of_before_they_become_others()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace("stage: test, realtime: {}", "stage: test, realtime: { instance: { type: ml.m5.large }, autoscaling: { min: 1, max: 3, invocations_per_instance: 100 } }", StringComparison.Ordinal));
        await repository.DeployAsync();
        Assert.Equal(["ScalableTarget", "ScalingPolicy"], Scaling());
        await Aws.RequestsAsync();

        repository.Change(c => c.Replace("ml.m5.large }, autoscaling", "ml.m5.xlarge }, autoscaling", StringComparison.Ordinal));
        await repository.DeployAsync();

        Assert.Equal(2, (await Aws.RequestsAsync()).Count(r => (string)r["operation"]! == "ExecuteChangeSet"));
        Assert.Contains(repository.Events.All.OfType<Notice>(), n => n.Text.StartsWith("penguins-test: its variants become others", StringComparison.Ordinal));
        Assert.Equal(["ScalableTarget", "ScalingPolicy"], Scaling());

        IEnumerable<string> Scaling() => Texts(Aws.Boto("sorted(r['LogicalResourceId'] for r in client('cloudformation').describe_stack_resources(StackName='penguins-test')['StackResources'] if 'Scal' in r['LogicalResourceId'])"));
    }

    /// <summary>The one template of stages that differ chooses by conditions.</summary>
    [SkippableFact]
    public async Task Variants_that_are_scaled_are_let_go_of_beside_a_stage_of_another_mode()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace(", approval: manual", "", StringComparison.Ordinal)
            .Replace("stage: test, realtime: {}", "stage: test, serverless: { memory: 2gb }", StringComparison.Ordinal)
            .Replace("{ type: ml.m5.xlarge, count: 2 }", "{ type: ml.m5.xlarge, count: 2 }, autoscaling: { min: 1, max: 3, invocations_per_instance: 100 }", StringComparison.Ordinal));
        await repository.DeployAsync();

        repository.Change(c => c.Replace("ml.m5.xlarge", "ml.m5.2xlarge", StringComparison.Ordinal));
        await repository.DeployAsync();

        var told = Assert.Single(repository.Events.All.OfType<Notice>(), n => n.Text.Contains("its variants become others", StringComparison.Ordinal));
        Assert.StartsWith("penguins-acceptance: ", told.Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_destroy_goes_on_where_one_before_failed()
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(new JsonObject { ["stacks"] = new JsonObject { ["penguins-build"] = new JsonObject { ["status"] = "DELETE_FAILED", ["reason"] = "by hand" } } });

        Assert.True((await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true))).Changed);

        Assert.Empty(Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")));
    }

    [SkippableFact]
    public async Task A_bucket_that_tells_nobody_of_new_objects_is_named()
    {
        await StartAsync();
        Aws.Boto("client('s3').create_bucket(Bucket='acme-ml')['ResponseMetadata']['HTTPStatusCode']");
        using var repository = new ModelRepository("batch-on-new-data");

        await repository.DeployAsync();
        await repository.ApproveAsync("production");
        await repository.DeployAsync();

        Assert.Contains(repository.Events.All.OfType<Problem>(), p => p.Code == "MLOPS7066" && p.Message.Contains("'acme-ml'", StringComparison.Ordinal));
    }

    /// <summary>Until a deploy has started an execution, or is over.</summary>
    private async Task UntilStartedAsync(Task deploying)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!deploying.IsCompleted && !(await Aws.RequestsAsync()).Any(r => (string)r["operation"]! == "StartPipelineExecution"))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), "no execution was started");
            await Task.Delay(20);
        }
    }
}
