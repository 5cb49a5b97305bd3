using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Stages that answer at once, on demand, later or in batches, and stages in other accounts.</summary>
public sealed class ModeTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task Realtime_serverless_async_and_batch_are_served()
    {
        await StartAsync();
        MakeBuckets("acme-ml");
        using var repository = new ModelRepository("stages-of-every-mode");
        await repository.DeployAsync();
        await repository.ApproveAsync("four");

        var outcome = await repository.DeployAsync();

        Assert.Equal(["one", "two", "three", "four"], outcome.Urls.Select(u => u.Stage));
        Assert.Equal(["modes-one", "modes-three", "modes-two"], Texts(Aws.Boto("sorted(e['EndpointName'] for e in client('sagemaker').list_endpoints()['Endpoints'])")));
        Assert.Contains("modes-four-batch", Texts(Aws.Boto("[p['PipelineName'] for p in client('sagemaker').list_pipelines()['PipelineSummaries']]")));
        foreach (var stage in new[] { "one", "two", "three" })
            Assert.Equal("0\n", System.Text.Encoding.UTF8.GetString((await InvokeAsync(repository, stage)).Body));
    }

    [SkippableFact]
    public async Task A_stage_reads_its_stream_by_a_function_and_a_second_deploy_changes_nothing()
    {
        await StartAsync();
        Aws.Boto("client('kinesis').create_stream(StreamName='events-staging', ShardCount=1)['ResponseMetadata']['HTTPStatusCode']");
        using var repository = new ModelRepository("stream", c => c.Replace("111111111111", "123456789012", StringComparison.Ordinal).Replace("eu-west-1", "us-east-1", StringComparison.Ordinal));

        await repository.DeployAsync();

        Assert.Equal(["arn:aws:kinesis:us-east-1:123456789012:stream/events-staging", "stream-staging-stream", "100"], Texts(Aws.Boto("[(m['EventSourceArn'], m['FunctionArn'].split(':')[6], str(m['BatchSize'])) for m in client('lambda').list_event_source_mappings()['EventSourceMappings']][0]")));
        Assert.StartsWith("stream-staging-StreamFailures-", Assert.Single(Texts(Aws.Boto("[u.split('/')[-1] for u in client('sqs').list_queues()['QueueUrls']]"))), StringComparison.Ordinal);
        Assert.False((await repository.DeployAsync()).Changed);

        // Where the first reading begins is no question any more, and Lambda would take no other answer.
        repository.Change(c => c.Replace("stream/predictions-staging\" }", "stream/predictions-staging\", read: { from: oldest, batch_size: 50 } }", StringComparison.Ordinal));
        await repository.DeployAsync();
        Assert.Equal(["LATEST", "50"], Texts(Aws.Boto("(lambda p: [p['StreamStart'], str(client('lambda').list_event_source_mappings()['EventSourceMappings'][0]['BatchSize'])])({p['ParameterKey']: p['ParameterValue'] for p in client('cloudformation').describe_stacks(StackName='stream-staging')['Stacks'][0]['Parameters']})")));
        Assert.False((await repository.DeployAsync()).Changed);

        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true));
        Assert.Equal([], Texts(Aws.Boto("[m['UUID'] for m in client('lambda').list_event_source_mappings()['EventSourceMappings']]")));
    }

    [SkippableFact]
    public async Task A_stage_of_batches_alone_says_that_it_cannot_be_asked()
    {
        await StartAsync();
        MakeBuckets("acme-ml");
        using var repository = new ModelRepository("stages-of-every-mode");
        await repository.DeployAsync();

        Assert.Equal("MLOPS7041", (await repository.FailAsync(() => InvokeAsync(repository, "four"))).Code);
    }

    [SkippableFact]
    public async Task A_batch_is_an_execution_of_the_stage_s_pipeline_and_may_take_other_records()
    {
        using var repository = await BatchAsync();

        var first = await PredictAsync(repository);
        var other = await PredictAsync(repository, new BatchRequest("s3://acme-ml/in/monday.csv", null, false));

        Assert.Equal((1, "s3://acme-ml/out/"), (first.Version, first.Output));
        Assert.NotEqual(first.ExecutionId, other.ExecutionId);
        var given = Aws.Boto("[[(p['Name'], p['Value']) for p in client('sagemaker').list_pipeline_parameters_for_execution(PipelineExecutionArn=e['PipelineExecutionArn']).get('PipelineParameters', []) if 'monday' in p['Value']] for e in client('sagemaker').list_pipeline_executions(PipelineName='modes-four-batch', SortOrder='Ascending')['PipelineExecutionSummaries']]")!;
        Assert.Equal("""[[],[["input","s3://acme-ml/in/monday.csv"]]]""", given.ToJsonString());
    }

    [SkippableFact]
    public async Task A_batch_that_fails_says_why_and_its_log_can_be_read()
    {
        using var repository = await BatchAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"fail": {"step": "predict", "reason": "ClientError: no records", "log": ["reading", "nothing there"]}}""")!.AsObject());

        var problem = await repository.FailAsync(() => PredictAsync(repository));

        Assert.Equal("MLOPS7046", problem.Code);
        Assert.Contains("no records", problem.Message, StringComparison.Ordinal);
        using var log = new MemoryStream();
        Assert.True(await repository.OnAsync(c => c.Platform.CopyLogAsync("four", log, CancellationToken.None)));
        Assert.Equal("reading\nnothing there\n", System.Text.Encoding.UTF8.GetString(log.ToArray()));
    }

    [SkippableFact]
    public async Task A_batch_that_was_interrupted_is_followed_again()
    {
        using var repository = await BatchAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"polls": 1000}""")!.AsObject());
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => repository.OnAsync(c => c.Platform.Stages.PredictAsync(c.Workspace.Stage("four"), new BatchRequest(null, null, false), stopping.Token), stopping.Token));

        Assert.Equal(["Executing"], Texts(Aws.Boto("[e['PipelineExecutionStatus'] for e in client('sagemaker').list_pipeline_executions(PipelineName='modes-four-batch')['PipelineExecutionSummaries']]")));
        // This one ends it, too.
        using var again = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => repository.OnAsync(c => c.Platform.Stages.PredictAsync(c.Workspace.Stage("four"), new BatchRequest(null, null, true), again.Token), again.Token));

        Assert.Equal(["Stopped"], Texts(Aws.Boto("[e['PipelineExecutionStatus'] for e in client('sagemaker').list_pipeline_executions(PipelineName='modes-four-batch')['PipelineExecutionSummaries']]")));
    }

    [SkippableTheory]
    [InlineData("four", "records.csv", "MLOPS7047")]
    [InlineData("four", "s3://acme-ml/requests-of-others/", "MLOPS7047")]
    [InlineData("one", null, "MLOPS6028")]
    public async Task A_batch_that_cannot_be_is_refused_before_anything_starts(string stage, string? input, string code)
    {
        using var repository = await BatchAsync();

        Assert.Equal(code, (await repository.FailAsync(() => repository.OnAsync(c => c.Platform.Stages.PredictAsync(c.Workspace.Stage(stage), new BatchRequest(input, null, false), CancellationToken.None)))).Code);
        Assert.Equal(0, (int?)Aws.Boto("len(client('sagemaker').list_pipeline_executions(PipelineName='modes-four-batch')['PipelineExecutionSummaries'])"));
    }

    [SkippableFact]
    public async Task A_batch_before_the_first_deploy_says_so()
    {
        await StartAsync();
        MakeBuckets("acme-ml");
        using var repository = new ModelRepository("stages-of-every-mode");
        await repository.OnAsync(c => PublishVerb.RunAsync(c, CancellationToken.None));

        Assert.Equal("MLOPS7048", (await repository.FailAsync(() => PredictAsync(repository))).Code);
    }

    [SkippableFact]
    public async Task Stages_lie_in_accounts_and_regions_of_their_own()
    {
        using var repository = await ThreeAccountsAsync();
        await repository.ApproveAsync("production");

        var outcome = await repository.DeployAsync();

        Assert.Equal(["staging", "production"], outcome.Urls.Select(u => u.Stage));
        Assert.Equal(["three-accounts-staging"], Texts(Aws.Boto("[e['EndpointName'] for e in client('sagemaker', region_name='eu-west-1').list_endpoints()['Endpoints']]", "222222222222")));
        Assert.Equal(["three-accounts-production"], Texts(Aws.Boto("[e['EndpointName'] for e in client('sagemaker', region_name='eu-central-1').list_endpoints()['Endpoints']]", "333333333333")));
        Assert.Equal(["a@example.com"], Texts(Aws.Boto("[s['Endpoint'] for s in client('sns', region_name='eu-central-1').list_subscriptions()['Subscriptions']]", "333333333333")));
        Assert.Equal(["three-accounts-build"], Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation', region_name='eu-west-1').describe_stacks()['Stacks']]", "111111111111")));
    }

    [SkippableFact]
    public async Task Stages_in_accounts_that_somebody_may_not_enter_are_said_to_be_hidden()
    {
        using var repository = await ThreeAccountsAsync();
        await Aws.SetAsync(new JsonObject { ["deny"] = new JsonArray("AssumeRole") });

        var lineage = await repository.OnAsync(c => LineageVerb.RunAsync(c, 1, CancellationToken.None));

        Assert.Empty(lineage.Stages);
        Assert.Equal(["staging: not visible to ", "production: not visible to "], repository.Events.All.OfType<Notice>().Select(n => n.Text[..(n.Text.IndexOf(" to ", StringComparison.Ordinal) + 4)]));
        Assert.False(await repository.OnAsync(c => PublishVerb.RunAsync(c, CancellationToken.None)));
        Assert.Equal("MLOPS7011", (await repository.FailAsync(() => repository.DeployAsync())).Code);
    }

    [SkippableFact]
    public async Task Variants_share_requests_with_further_versions()
    {
        await StartAsync();
        using var repository = new ModelRepository("variants", c => c.Replace("{ version: 12 }", "{ version: 1 }", StringComparison.Ordinal));
        await repository.DeployAsync();
        await repository.ApproveAsync("production");

        await repository.DeployAsync();

        Assert.Equal(["Variant1", "Variant2"], Texts(Aws.Boto("[v['VariantName'] for v in client('sagemaker').describe_endpoint(EndpointName='variants-production')['ProductionVariants']]")));
    }

    [SkippableFact]
    public async Task A_version_that_shares_requests_and_is_not_there_is_said()
    {
        await StartAsync();
        using var repository = new ModelRepository("variants");
        await repository.DeployAsync();
        await repository.ApproveAsync("production");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7043", problem.Code);
        Assert.Contains("'12'", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>A repository whose first version serves everywhere, in batches, too.</summary>
    private async Task<ModelRepository> BatchAsync()
    {
        await StartAsync();
        MakeBuckets("acme-ml");
        var repository = new ModelRepository("stages-of-every-mode");
        await repository.DeployAsync();
        await repository.ApproveAsync("four");
        await repository.DeployAsync();
        return repository;
    }

    private static Task<BatchResult> PredictAsync(ModelRepository repository, BatchRequest? request = null) =>
        repository.OnAsync(c => c.Platform.Stages.PredictAsync(c.Workspace.Stage("four"), request ?? new BatchRequest(null, null, false), CancellationToken.None));

    private static Task<InvokeResult> InvokeAsync(ModelRepository repository, string stage) =>
        repository.OnAsync(c => c.Platform.Stages.InvokeAsync(c.Workspace.Stage(stage), new InvokeRequest("1,2"u8.ToArray(), "text/csv"), CancellationToken.None));

    private void MakeBuckets(string bucket, string? account = null, string? region = null) =>
        Aws.Boto($"client('s3', region_name='{region ?? "us-east-1"}').create_bucket(Bucket='{bucket}'{(region is null ? "" : $", CreateBucketConfiguration={{'LocationConstraint': '{region}'}}")})['ResponseMetadata']['HTTPStatusCode']", account);

    /// <summary>A repository whose stages lie in two accounts beside the build's, deployed as far as it is approved.</summary>
    private async Task<ModelRepository> ThreeAccountsAsync()
    {
        await StartAsync();
        UseAccount("111111111111");
        MakeBuckets("acme-staging", account: "222222222222", region: "eu-west-1");
        MakeBuckets("acme-production", account: "333333333333", region: "eu-central-1");
        var repository = new ModelRepository("three-accounts");
        await repository.DeployAsync();
        return repository;
    }

    /// <summary>From here on the credentials are of this account.</summary>
    private void UseAccount(string account)
    {
        var role = Aws.Boto($"client('sts').assume_role(RoleArn='arn:aws:iam::{account}:role/ci', RoleSessionName='ci')['Credentials']")!;
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", (string)role["AccessKeyId"]!);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", (string)role["SecretAccessKey"]!);
        Environment.SetEnvironmentVariable("AWS_SESSION_TOKEN", (string)role["SessionToken"]!);
    }
}
