using System.Text.Json.Nodes;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>What changes between two verbs: somebody else's hand, another configuration, a process that was killed.</summary>
public sealed class BehindOurBackTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task A_build_stack_that_somebody_protected_stays_with_all_that_it_serves()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('cloudformation').update_termination_protection(StackName='penguins-build', EnableTerminationProtection=True)['StackId']");

        var problem = await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true)));

        Assert.Equal("MLOPS7070", problem.Code);
        Assert.Contains("--stack-name penguins-build --region us-east-1", problem.Message, StringComparison.Ordinal);
        Assert.Equal(1, ServedVersion("penguins-test"));
    }

    [SkippableTheory]
    [InlineData("UPDATE_ROLLBACK_FAILED", "MLOPS7021")]
    [InlineData("UPDATE_IN_PROGRESS", "MLOPS7022")]
    public async Task Destroy_takes_stages_away_and_never_a_build_stack_that_somebody_is_at(string status, string code)
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(new JsonObject { ["stacks"] = new JsonObject { ["penguins-build"] = new JsonObject { ["status"] = status, ["reason"] = "by hand" } } });

        Assert.True((await repository.DestroyAsync(new DestroyOptions(EvenProtected: true))).Changed);
        Assert.Equal(code, (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true)))).Code);

        Assert.Equal(["penguins-build"], Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")));
    }

    [SkippableTheory]
    [InlineData("penguins-build")]
    [InlineData("penguins-test")]
    public async Task A_plan_says_which_stack_cannot_be_changed_now(string stack)
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(new JsonObject { ["stacks"] = new JsonObject { [stack] = new JsonObject { ["status"] = "UPDATE_ROLLBACK_FAILED", ["reason"] = "by hand" } } });
        repository.Edit("src/train.py");

        var plan = await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));

        Assert.Contains(plan.Changes, c => c.Kind == "stack" && c.Name == stack && c.Reason?.Contains("UPDATE_ROLLBACK_FAILED", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(plan.Changes, c => c is { Action: "Add", Kind: "resource" });
    }

    [SkippableFact]
    public async Task An_endpoint_that_somebody_deleted_is_said_before_anything_is_changed_and_the_remedy_works()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('sagemaker').delete_endpoint(EndpointName='penguins-test')['ResponseMetadata']['HTTPStatusCode']");
        repository.Edit("src/train.py");

        var plan = await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));
        var asked = await repository.FailAsync(() => repository.OnAsync(c => c.Platform.Stages.InvokeAsync(c.Workspace.Stage("test"), new InvokeRequest("1,2"u8.ToArray(), "text/csv"), CancellationToken.None)));
        var deployed = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Contains(plan.Changes, c => c is { Kind: "stage", Name: "test" } && c.Reason?.Contains("somebody else deleted its endpoint", StringComparison.Ordinal) == true);
        Assert.Equal("MLOPS7068", asked.Code);
        Assert.Equal("MLOPS5021", deployed.Code);
        Assert.Contains("'mlops destroy --platform aws --stage test'", deployed.Message, StringComparison.Ordinal);
        await repository.DestroyAsync(new DestroyOptions(Stage: "test"));
        Assert.Equal(["test"], (await repository.DeployAsync()).Urls.Select(u => u.Stage));
    }

    /// <summary>The bucket, and with it the lock, may be gone: what costs money goes all the same.</summary>
    [SkippableFact]
    public async Task Stages_can_be_taken_away_when_somebody_deleted_the_bucket()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("[step() for b in [session.resource('s3').Bucket('penguins-123456789012-us-east-1')] for step in (b.object_versions.delete, b.delete)] and 'gone'");

        Assert.True((await repository.DestroyAsync(new DestroyOptions(EvenProtected: true))).Changed);

        Assert.Equal(["penguins-build"], Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")));
    }

    [SkippableFact]
    public async Task What_cannot_be_run_is_refused_before_anything_is_published()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");

        var problem = await repository.FailAsync(() => repository.OnAsync(c => DeployVerb.RunAsync(c, new DeployOptions { Run = new RunRequest { Parameters = new Dictionary<string, string> { ["nope"] = "1" } } }, CancellationToken.None)));

        Assert.Equal("MLOPS0014", problem.Code);
        Assert.Equal([], Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")));
    }

    [SkippableFact]
    public async Task A_second_destroy_of_everything_finds_nothing_and_is_no_error()
    {
        using var repository = await DeployedAsync();
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        Assert.False((await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true))).Changed);
        var problem = await repository.FailAsync(() => repository.OnAsync(c => Task.FromResult(c.Platform.Models)));

        Assert.Equal("MLOPS7014", problem.Code);
        Assert.Contains("in account 123456789012, region us-east-1", problem.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task One_stage_is_taken_away_alone_also_one_that_the_configuration_no_longer_has()
    {
        using var repository = await DeployedAsync();
        await repository.ApproveAsync("acceptance");
        await repository.DeployAsync();
        repository.Change(c => c.Replace("stage: test,", "stage: try,", StringComparison.Ordinal));

        Assert.Equal("MLOPS0012", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(Stage: "tset")))).Code);
        Assert.True((await repository.DestroyAsync(new DestroyOptions(Stage: "test"))).Changed);

        Assert.Equal(["penguins-acceptance", "penguins-build"], Texts(Aws.Boto("sorted(s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks'])")));
    }

    [SkippableFact]
    public async Task An_approval_for_one_stage_is_none_for_a_last_stage_that_came_later()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace("  - { stage: production, approval: manual, realtime: { instance: { type: ml.m5.large } } }\n", "", StringComparison.Ordinal));
        await repository.DeployAsync();
        await repository.ApproveAsync("acceptance", reason: "for acceptance alone");
        await repository.DeployAsync();
        repository.Change(c => c.Replace("count: 2 } } }\n", "count: 2 } } }\n  - { stage: production, approval: manual, realtime: {} }\n", StringComparison.Ordinal));

        var outcome = await repository.DeployAsync();

        Assert.Equal(["test", "acceptance"], outcome.Urls.Select(u => u.Stage));
        Assert.Null(await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None)));
    }

    [SkippableFact]
    public async Task A_decision_in_SageMaker_Studio_keeps_its_date()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('sagemaker').update_model_package(ModelPackageArn=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'][0]['ModelPackageArn'], ModelApprovalStatus='Approved')['ModelPackageArn']");
        var decided = await DecisionAsync();
        await repository.ApproveAsync("acceptance");
        await repository.DeployAsync();

        Assert.Equal(decided!.When, (await DecisionAsync())!.When, TimeSpan.FromMilliseconds(1));

        Task<Ports.ApprovalDecision?> DecisionAsync() => repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None));
    }

    [SkippableFact]
    public async Task A_version_that_was_taken_out_of_the_registry_is_made_again()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('sagemaker').delete_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'][0]['ModelPackageArn'])['ResponseMetadata']['HTTPStatusCode']");

        var outcome = await repository.DeployAsync();

        Assert.True(outcome.Changed);
        Assert.Equal(outcome.Version, ServedVersion("penguins-test"));
    }

    [SkippableFact]
    public async Task What_a_run_was_made_of_is_kept_also_where_its_process_was_killed()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");
        await repository.OnAsync(async c =>
        {
            await PublishVerb.RunAsync(c, CancellationToken.None);
            return await c.Platform.Pipelines.RunAsync(c.Workspace, new Ports.RunRequest(), CancellationToken.None);
        });

        await repository.DeployAsync();

        Assert.NotEmpty((await repository.OnAsync(c => LineageVerb.RunAsync(c, 1, CancellationToken.None))).MadeOf);
    }

    [SkippableTheory]
    [InlineData("gone", "MLOPS7057")]
    [InlineData("lambda", "MLOPS7058")]
    [InlineData("sagemaker", null)]
    public async Task A_role_of_one_s_own_is_looked_at_before_the_first_change(string role, string? code)
    {
        await StartAsync();
        foreach (var service in new[] { "lambda", "sagemaker" })
            Aws.Boto($$"""client('iam').create_role(RoleName='{{service}}', Path='/ml/', AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"{{service}}.amazonaws.com"},"Action":"sts:AssumeRole"}]}')['Role']['RoleName']""");
        using var repository = new ModelRepository("stages", c => c + $"aws: {{ account: \"123456789012\", execution_role: \"arn:aws:iam::123456789012:role/ml/{role}\" }}\n");

        if (code is null)
        {
            await repository.DeployAsync();
            return;
        }

        Assert.Equal(code, (await repository.FailAsync(() => repository.DeployAsync())).Code);
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]! && (string)r["operation"]! != "CreateRole");
    }

    [SkippableFact]
    public async Task An_endpoint_that_somebody_deleted_is_known_to_be_gone()
    {
        using var repository = await DeployedAsync();
        Assert.True(await IsThereAsync());
        Aws.Boto("client('sagemaker').delete_endpoint(EndpointName='penguins-test')['ResponseMetadata']['HTTPStatusCode']");

        Assert.False(await IsThereAsync());

        Task<bool> IsThereAsync() => repository.OnAsync(c => c.Platform.Stages.IsThereAsync(c.Workspace.Stage("test"), CancellationToken.None));
    }

    [SkippableFact]
    public async Task An_endpoint_becomes_none_of_another_kind()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("stage: test, realtime: {},", "stage: test, serverless: {},", StringComparison.Ordinal));

        Assert.Equal("MLOPS7051", (await repository.FailAsync(() => repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None)))).Code);
        Assert.Equal("MLOPS7051", (await repository.FailAsync(() => repository.DeployAsync())).Code);
    }

    [SkippableFact]
    public async Task A_version_that_nobody_has_approved_is_served_of_its_containers()
    {
        using var repository = await DeployedAsync();

        var package = Aws.Boto("client('sagemaker').describe_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'][0]['ModelPackageArn'])")!;
        var model = Aws.Boto("(lambda s: s.describe_model(ModelName=s.describe_endpoint_config(EndpointConfigName=s.describe_endpoint(EndpointName='penguins-test')['EndpointConfigName'])['ProductionVariants'][0]['ModelName']))(client('sagemaker'))")!;
        var container = package["InferenceSpecification"]!["Containers"]![0]!;

        Assert.Equal("PendingManualApproval", (string?)package["ModelApprovalStatus"]);
        Assert.Equal((string?)container["Image"], (string?)model["PrimaryContainer"]!["Image"]);
        Assert.Equal((string?)container["ModelDataUrl"], (string?)model["PrimaryContainer"]!["ModelDataUrl"]);
        Assert.Equal((string?)container["Environment"]!["SAGEMAKER_PROGRAM"], (string?)model["PrimaryContainer"]!["Environment"]!["SAGEMAKER_PROGRAM"]);
        Assert.Null(model["PrimaryContainer"]!["ModelPackageName"]);
        Assert.Equal([(string)package["ModelPackageArn"]!], Texts(Aws.Boto($"[t['Value'] for t in client('sagemaker').list_tags(ResourceArn='{model["ModelArn"]}')['Tags'] if t['Key'] == 'mlops:model-package']")));
    }

    [SkippableFact]
    public async Task A_stage_that_is_elsewhere_now_leaves_one_behind_that_is_said_and_taken_away()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('s3', region_name='eu-west-1').create_bucket(Bucket='far-away', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})['ResponseMetadata']['HTTPStatusCode']");
        repository.Change(c => c.Replace("stage: test, realtime: {},", "stage: test, realtime: {}, aws: { region: eu-west-1, bucket: far-away },", StringComparison.Ordinal));

        var others = await repository.OnAsync(c => c.Platform.Stages.OthersAsync(c.Workspace.Deployment.Stages, CancellationToken.None));
        await repository.DestroyAsync(new DestroyOptions(Stage: "test"));

        Assert.Equal("test", Assert.Single(others).Name);
        Assert.Empty(Texts(Aws.Boto("[e['EndpointName'] for e in client('sagemaker').list_endpoints()['Endpoints']]")));
    }

    [SkippableFact]
    public async Task Tests_that_a_served_version_has_not_passed_are_planned()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("max_latency: 60s", "max_latency: 50s", StringComparison.Ordinal));

        var plan = await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));

        Assert.Equal(["test"], plan.Changes.Where(c => c is { Action: "Run", Kind: "tests" }).Select(c => c.Name));
    }

    [SkippableFact]
    public async Task A_version_that_failed_stays_where_there_is_no_other_and_that_is_what_is_said()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('sagemaker').delete_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'][0]['ModelPackageArn'])['ResponseMetadata']['HTTPStatusCode']");
        await AnswerAsync(500, "no");
        repository.Edit("src/train.py");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.Contains($"Version {ServedVersion("penguins-test")} stays there", problem.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_stage_that_is_being_changed_or_stuck_says_so_and_what_helps()
    {
        using var repository = await DeployedAsync();
        await Aws.SetAsync(new JsonObject { ["stacks"] = new JsonObject { ["penguins-test"] = new JsonObject { ["status"] = "UPDATE_ROLLBACK_FAILED", ["reason"] = "by hand" } } });

        var state = await repository.OnAsync(c => c.Platform.Stages.DescribeAsync(c.Workspace.Stage("test"), CancellationToken.None));

        Assert.Contains("continue-update-rollback", state!.Condition, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_destroy_of_one_stage_says_where_there_is_nothing()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");

        Assert.Equal("MLOPS7014", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(Stage: "test")))).Code);
    }

    [SkippableFact]
    public async Task A_plan_goes_no_further_than_a_deploy()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace("stage: production, approval: manual", "stage: production", StringComparison.Ordinal));
        await repository.DeployAsync();
        await repository.ApproveAsync("acceptance");
        await repository.DeployAsync();
        repository.Edit("src/train.py");
        await repository.DeployAsync();

        var plan = await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));

        Assert.False(plan.HasWork, string.Join('\n', plan.Changes));
    }
}
