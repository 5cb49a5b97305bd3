using System.Text.Json.Nodes;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>The whole way on AWS: publish, run, gate, register, approve, deploy.</summary>
public sealed class DeployTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task A_version_goes_through_the_stages_as_far_as_it_is_approved()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages");

        var first = await repository.DeployAsync();
        Assert.Equal(["test"], first.Urls.Select(u => u.Stage));
        Assert.Contains(repository.Events.All.OfType<StageChanged>(), s => s is { Stage: "acceptance", Status: "PendingApproval", Version: 1 });

        await repository.ApproveAsync("acceptance", reason: "measured by hand; \"good\"");
        await repository.ApproveAsync("production");
        var second = await repository.DeployAsync();

        Assert.Equal(["test", "acceptance", "production"], second.Urls.Select(u => u.Stage));
        Assert.Equal(["InService", "InService", "InService"], Texts(Aws.Boto("[client('sagemaker').describe_endpoint(EndpointName='penguins-' + s)['EndpointStatus'] for s in ('test', 'acceptance', 'production')]")));
        Assert.Equal(["Approved", "arn:aws:sts::123456789012:user/moto"], Texts(Aws.Boto("(lambda p: [p['ModelApprovalStatus'], p['ApprovalDescription']])(client('sagemaker').describe_model_package(ModelPackageName='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1'))")));
        Assert.Equal(["False", "False", "True"], Texts(Aws.Boto("[str(client('cloudformation').describe_stacks(StackName='penguins-' + s)['Stacks'][0].get('EnableTerminationProtection')) for s in ('test', 'acceptance', 'production')]")));
        Assert.Equal("0", (await repository.OnAsync(c => c.Platform.Stages.InvokeAsync(c.Workspace.Stage("production"), new Ports.InvokeRequest("1,2"u8.ToArray(), "text/csv"), CancellationToken.None))).Body.AsSpan(0, 1).ToArray().Select(b => $"{(char)b}").Single());
    }

    [SkippableFact]
    public async Task A_deploy_without_a_change_writes_nothing_and_asks_little()
    {
        using var repository = await DeployedAsync();
        await Aws.RequestsAsync();

        var outcome = await repository.DeployAsync();

        var requests = await Aws.RequestsAsync();
        Assert.False(outcome.Changed);
        Assert.DoesNotContain(requests, r => (bool)r["write"]!);
        Assert.True(requests.Count <= 12, string.Join('\n', requests.Select(r => r.ToJsonString())));
    }

    [SkippableFact]
    public async Task An_edit_sends_and_runs_what_differs()
    {
        using var repository = await DeployedAsync();
        repository.Edit("src/evaluate.py");
        await Aws.RequestsAsync();

        var outcome = await repository.DeployAsync();

        var writes = (await Aws.RequestsAsync()).Where(r => (bool)r["write"]!).ToList();
        Assert.Equal(2, outcome.Version);
        Assert.Single(writes, r => Path(r).Contains("/source/", StringComparison.Ordinal));
        Assert.DoesNotContain(writes, r => Path(r).Contains("/data/", StringComparison.Ordinal) || Path(r).Contains("/archive/", StringComparison.Ordinal));
        Assert.Single(writes, r => (string?)r["operation"] == "UpdatePipeline");
    }

    [SkippableFact]
    public async Task A_failed_gate_is_an_error_at_its_line_and_registers_nothing()
    {
        await StartAsync(measured: 0.62);
        using var repository = new ModelRepository("stages");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5001", problem.Code);
        Assert.EndsWith("config.yaml", problem.File, StringComparison.Ordinal);
        Assert.Contains("accuracy 0.62 is below 0.9", problem.Message, StringComparison.Ordinal);
        Assert.Empty(Aws.Boto("client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList']")!.AsArray());
    }

    [SkippableFact]
    public async Task A_failed_step_shows_its_reason_and_its_last_lines()
    {
        await StartAsync();
        await Aws.SetAsync(JsonNode.Parse("""{"fail": {"step": "train", "reason": "AlgorithmError: exit code 1", "log": ["Traceback", "ValueError: no rows"]}}""")!.AsObject());
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
        using var repository = await DeployedAsync();
        repository.Edit("src/train.py");
        await AnswerAsync(500, "KeyError: 'island'");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.Contains("500", problem.Message, StringComparison.Ordinal);
        Assert.Equal(1, ServedVersion("penguins-test"));
    }

    [SkippableFact]
    public async Task Settings_with_which_a_version_does_not_pass_are_taken_back()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("environment: { LEVEL: debug }", "environment: { LEVEL: broken }", StringComparison.Ordinal));
        await AnswerAsync(500, "LEVEL is none of debug, info");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.Equal(1, ServedVersion("penguins-test"));
        Assert.Equal("debug", (string?)Aws.Boto("(lambda s: s.describe_model(ModelName=s.describe_endpoint_config(EndpointConfigName=s.describe_endpoint(EndpointName='penguins-test')['EndpointConfigName'])['ProductionVariants'][0]['ModelName'])['PrimaryContainer']['Environment']['LEVEL'])(client('sagemaker'))"));
    }

    [SkippableFact]
    public async Task A_deploy_that_was_broken_off_before_its_tests_is_tested_by_the_next_and_taken_back()
    {
        using var repository = await DeployedAsync();
        repository.Change(c => c.Replace("train.py, inputs: [preprocess.train] }", "train.py, inputs: [preprocess.train], hyperparameters: { depth: 4 } }", StringComparison.Ordinal));
        // As a process that is killed after the stack was changed: version 2 serves, and nobody has tested it.
        await repository.OnAsync(async c =>
        {
            await PublishVerb.RunAsync(c, CancellationToken.None);
            var run = await RunVerb.RunAsync(c, new RunRequest(), CancellationToken.None);
            return await c.Platform.Stages.PutAsync(c.Workspace.Stage("test"), (await c.Platform.Models.FindAsync("penguins", run.Version!.Value, CancellationToken.None))!, null, CancellationToken.None);
        });
        await AnswerAsync(500, "broken");

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS5003", problem.Code);
        Assert.Equal(1, ServedVersion("penguins-test"));
    }

    [SkippableFact]
    public async Task An_approval_that_was_taken_back_in_Studio_does_not_count()
    {
        using var repository = await DeployedAsync();
        await repository.ApproveAsync("production", reason: "first\nsecond line");
        Aws.Boto("client('sagemaker').update_model_package(ModelPackageArn='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1', ModelApprovalStatus='PendingManualApproval')['ModelPackageArn']");

        Assert.Null(await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None)));
    }

    /// <summary>CloudFormation adopts by itself only what has a plain name and an identifier that somebody can write: the group is imported.</summary>
    [SkippableFact]
    public async Task After_everything_was_taken_away_the_same_content_is_published_anew_into_the_bucket_and_group_that_stayed()
    {
        using var repository = await DeployedAsync();
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        var outcome = await repository.DeployAsync();

        Assert.Equal("test", Assert.Single(outcome.Urls).Stage);
        Assert.Equal(2, ServedVersion("penguins-test"));
        Assert.Equal(["Bucket", "ModelPackageGroup"], Texts(Aws.Boto("sorted(r['LogicalResourceId'] for r in client('cloudformation').describe_stack_resources(StackName='penguins-build')['StackResources'] if r['LogicalResourceId'] in ('Bucket', 'ModelPackageGroup'))")));
        Assert.False((await repository.DeployAsync()).Changed);
    }

    /// <summary>The stack then has the imported group, and made nothing itself.</summary>
    [SkippableFact]
    public async Task Where_the_change_after_an_import_fails_all_verbs_go_on()
    {
        using var repository = await DeployedAsync();
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));
        await Aws.SetAsync(new JsonObject { ["fail_stack"] = new JsonObject { ["penguins-build"] = new JsonObject { ["resource"] = "ExecutionRole", ["reason"] = "No more roles." } } });

        Assert.Equal("MLOPS7020", (await repository.FailAsync(() => repository.DeployAsync())).Code);

        Assert.NotEmpty((await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None))).Changes);
        Assert.True((await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true))).Changed);
        Assert.Equal("test", Assert.Single((await repository.DeployAsync()).Urls).Stage);
    }

    [SkippableFact]
    public async Task Of_a_version_without_a_statement_is_told_what_the_registry_knows()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('s3').delete_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/provenance/penguins/1.intoto.json')['ResponseMetadata']['HTTPStatusCode']");

        var lineage = await repository.OnAsync(c => LineageVerb.RunAsync(c, 1, CancellationToken.None));

        Assert.Contains(repository.Events.All.OfType<Problem>(), p => p is { Code: "MLOPS8010", Severity: "Warning" });
        Assert.Equal(0.95, lineage.Metrics["multiclass_classification_metrics.accuracy.value"]);
        Assert.Equal(["test"], lineage.Stages.Select(s => s.Stage));
    }

    [SkippableFact]
    public async Task A_decision_in_SageMaker_Studio_counts()
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('sagemaker').update_model_package(ModelPackageArn='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1', ModelApprovalStatus='Approved', ApprovalDescription='seen in Studio')['ModelPackageArn']");

        var decision = await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "production", CancellationToken.None));

        Assert.Equal("Approved", decision?.Decision);
        Assert.Equal("seen in Studio", decision?.Reason);
        Assert.Null(await repository.OnAsync(c => c.Platform.Models.DecisionAsync("penguins", 1, "acceptance", CancellationToken.None)));
    }

    [SkippableFact]
    public async Task A_version_has_a_statement_of_what_it_was_made_of()
    {
        using var repository = await DeployedAsync();

        var lineage = await repository.OnAsync(c => LineageVerb.RunAsync(c, null, CancellationToken.None));

        Assert.Equal(1, lineage.Version);
        Assert.Equal(0.95, lineage.Metrics["multiclass_classification_metrics.accuracy.value"]);
        Assert.Equal(["test"], lineage.Stages.Select(s => s.Stage));
        var statement = JsonNode.Parse((string)Aws.Boto("client('s3').get_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/provenance/penguins/1.intoto.json')['Body'].read().decode()")!)!;
        Assert.Equal("https://slsa.dev/provenance/v1", (string?)statement["predicateType"]);
        Assert.Contains("data/penguins", statement["predicate"]!["buildDefinition"]!["resolvedDependencies"]!.AsArray().Select(d => (string?)d!["name"]));
    }

    [SkippableFact]
    public async Task A_version_has_a_card_and_is_found_by_what_was_measured()
    {
        using var repository = await DeployedAsync();
        await repository.ApproveAsync("acceptance", reason: "seen");

        var card = (await repository.OnAsync(c => CardVerb.RunAsync(c, null, CancellationToken.None))).ToMarkdown();
        Task<IReadOnlyList<VersionListed>> FindAsync(string limit) => repository.OnAsync(c => ModelsVerb.RunAsync(c, null, new Dictionary<string, string>(), [MetricCondition.Parse(limit)!], CancellationToken.None));

        Assert.StartsWith("# penguins, version 1\n", card, StringComparison.Ordinal);
        Assert.Contains("| multiclass_classification_metrics.accuracy.value | 0.95 |", card, StringComparison.Ordinal);
        Assert.Contains("| acceptance | Approved | arn:aws:sts::123456789012:user/moto |", card, StringComparison.Ordinal);
        Assert.DoesNotContain("mlops:", card, StringComparison.Ordinal);
        Assert.Equal(1, Assert.Single(await FindAsync("accuracy>=0.95")).Version);
        Assert.Empty(await FindAsync("accuracy>0.95"));
    }

    [SkippableFact]
    public async Task Destroy_keeps_data_and_versions_and_asks_before_a_protected_stage()
    {
        using var repository = await DeployedAsync();
        await repository.ApproveAsync("acceptance");
        await repository.ApproveAsync("production");
        await repository.DeployAsync();

        Assert.Equal("MLOPS7024", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions()))).Code);
        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        Assert.Empty(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")!.AsArray());
        Assert.Equal(1, (int?)Aws.Boto("len(client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'])"));
        Assert.Contains(Texts(Aws.Boto("[o['Key'] for o in client('s3').list_objects_v2(Bucket='penguins-123456789012-us-east-1')['Contents']]")), k => k.StartsWith("penguins/data/", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_command_line_of_AWS_sees_what_was_deployed()
    {
        Skip.If(Conformance.Run("aws", "--version").ExitCode != 0, "The AWS CLI is not installed.");
        using var repository = await DeployedAsync();

        Assert.Equal("InService", Cli("sagemaker", "describe-endpoint", "--endpoint-name", "penguins-test", "--query", "EndpointStatus"));
        Assert.Equal("CREATE_COMPLETE", Cli("cloudformation", "describe-stacks", "--stack-name", "penguins-test", "--query", "Stacks[0].StackStatus"));
        Assert.Equal("1", Cli("sagemaker", "list-model-packages", "--model-package-group-name", "penguins", "--query", "length(ModelPackageSummaryList)"));
        Assert.Equal("Succeeded", Cli("sagemaker", "list-pipeline-executions", "--pipeline-name", "penguins", "--query", "PipelineExecutionSummaries[0].PipelineExecutionStatus"));
        Assert.Contains("penguins/data/", Cli("s3", "ls", "s3://penguins-123456789012-us-east-1/penguins/data/", "--recursive"), StringComparison.Ordinal);

        static string Cli(params string[] arguments)
        {
            var (exitCode, output) = Conformance.Run("aws", [.. arguments, "--region", "us-east-1", "--output", "text"]);
            Assert.True(exitCode == 0, output);
            return output.Trim();
        }
    }

    [SkippableFact]
    public async Task Who_did_what_is_kept_also_of_what_was_refused_or_broken_off()
    {
        using var repository = await DeployedAsync();
        using var stopping = new CancellationTokenSource();
        Task<Outcome?> AuditedAsync(string name, Func<VerbContext, CancellationToken, Task<Outcome?>> verb) =>
            repository.OnAsync(c => AuditedVerb.RunAsync(c, name, s => verb(c, s), stopping.Token), stopping.Token);

        await AuditedAsync("approve", async (c, s) => await ApproveVerb.RunAsync(c, approve: true, version: null, "acceptance", reason: null, s));
        await AuditedAsync("deploy", (_, _) => Task.FromResult<Outcome?>(new Outcome { Verb = "deploy" })); // Nothing had changed.
        await Assert.ThrowsAsync<PlatformException>(() => AuditedAsync("destroy", async (c, s) => await DestroyVerb.RunAsync(c, new DestroyOptions(Stage: "prod"), s)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AuditedAsync("deploy", async (c, s) =>
        {
            await stopping.CancelAsync();
            return await DeployVerb.RunAsync(c, new DeployOptions(), s);
        }));

        var entries = await repository.OnAsync(c => c.Platform.AuditAsync(10, CancellationToken.None));
        Assert.Equal(["deploy Stopped", "destroy MLOPS0012", "approve Done"], entries.Select(e => $"{e.Verb} {e.Result}"));
        Assert.All(entries, e => Assert.StartsWith("arn:aws:sts::123456789012:", e.Who, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Data_and_versions_go_for_good_where_the_model_is_named(bool stackWentBefore)
    {
        using var repository = await DeployedAsync();
        Aws.Boto("client('s3').put_object(Bucket='penguins-123456789012-us-east-1', Key='penguins-of-others/kept.txt', Body=b'1')");
        Assert.Equal("MLOPS5020", (await repository.FailAsync(() => repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true, Data: "churn")))).Code);
        if (stackWentBefore)
            await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true));

        var all = new DestroyOptions(EvenProtected: true, Everything: true, Data: "penguins");
        Assert.True((await repository.DestroyAsync(all)).Changed);

        Assert.Empty(Aws.Boto("client('sagemaker').list_model_package_groups()['ModelPackageGroupSummaryList']")!.AsArray());
        Assert.Equal(["penguins-of-others/kept.txt"], Texts(Aws.Boto("[v['Key'] for v in client('s3').list_object_versions(Bucket='penguins-123456789012-us-east-1').get('Versions', [])]")));
        Assert.Null(Aws.Boto("client('s3').list_object_versions(Bucket='penguins-123456789012-us-east-1').get('DeleteMarkers')"));
        Aws.Boto("[client('s3').delete_object(Bucket='penguins-123456789012-us-east-1', Key=v['Key'], VersionId=v['VersionId']) for v in client('s3').list_object_versions(Bucket='penguins-123456789012-us-east-1')['Versions']] and None");
        await repository.DestroyAsync(all);
        Assert.Empty(Aws.Boto("client('s3').list_buckets()['Buckets']")!.AsArray());

        // A rerun finds nothing, and what went can be made anew.
        Assert.False((await repository.DestroyAsync(all)).Changed);
        await repository.DeployAsync();
        Assert.Equal(1, (int?)Aws.Boto("len(client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'])"));
    }

    [SkippableFact]
    public async Task Another_model_s_data_and_what_is_still_served_do_not_go()
    {
        await StartAsync();
        Aws.Boto("client('s3').create_bucket(Bucket='shared')['ResponseMetadata']['HTTPStatusCode']");
        using var repository = new ModelRepository("stages", c => c + "aws: { bucket: shared }\n");
        await repository.DeployAsync();
        var all = new DestroyOptions(EvenProtected: true, Everything: true, Data: "penguins");
        Aws.Boto("client('s3').put_object(Bucket='shared', Key='penguins/churn/audit/1.json', Body=b'{}') and None");
        Assert.Equal("MLOPS7060", (await repository.FailAsync(() => repository.DestroyAsync(all))).Code);
        Assert.NotNull(Aws.Boto("client('sagemaker').describe_endpoint(EndpointName='penguins-test')['EndpointName']"));
        Aws.Boto("client('s3').delete_object(Bucket='shared', Key='penguins/churn/audit/1.json') and None");
        Aws.Boto("client('s3').put_object(Bucket='shared', Key='penguins/provenance/churn/1.intoto.json', Body=b'{}') and None");
        Assert.Equal("MLOPS7060", (await repository.FailAsync(() => repository.DestroyAsync(all))).Code);
        Aws.Boto("client('s3').delete_object(Bucket='shared', Key='penguins/provenance/churn/1.intoto.json') and None");
        Aws.Boto("client('s3').put_object(Bucket='shared', Key='penguins/data/numbers/audit/1.json', Body=b'{}') and None"); // A folder of the model's own data.

        Delete("penguins-build");
        Assert.Equal("MLOPS7059", (await repository.FailAsync(() => repository.DestroyAsync(all))).Code);
        Assert.NotEmpty(Aws.Boto("client('s3').list_objects_v2(Bucket='shared')['Contents']")!.AsArray());

        foreach (var stack in Texts(Aws.Boto("[s['StackName'] for s in client('cloudformation').describe_stacks()['Stacks']]")))
            Delete(stack);
        Assert.True((await repository.DestroyAsync(all)).Changed);
        Assert.Null(Aws.Boto("client('s3').list_object_versions(Bucket='shared').get('Versions')"));
        Assert.False((await repository.DestroyAsync(all)).Changed);

        using var team = new ModelRepository("stages", c => c + "aws: { bucket: shared, prefix: team }\n");
        await team.DeployAsync();
        Assert.Equal("MLOPS7060", (await team.FailAsync(() => team.DestroyAsync(all))).Code);

        void Delete(string stack) => Aws.Boto($"[client('cloudformation').update_termination_protection(StackName='{stack}', EnableTerminationProtection=False), client('cloudformation').delete_stack(StackName='{stack}'), client('cloudformation').get_waiter('stack_delete_complete').wait(StackName='{stack}', WaiterConfig=dict(Delay=1))] and None");
    }

    private static string Path(JsonObject request) => (string)request["path"]!;
}
