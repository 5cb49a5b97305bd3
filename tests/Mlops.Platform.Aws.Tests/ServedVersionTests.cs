using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Which version a deploy brings to a stage, and which it leaves there.</summary>
public sealed class ServedVersionTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task An_older_version_comes_back_without_a_run()
    {
        using var repository = await DeployedAsync();
        repository.Edit("src/train.py");
        await repository.DeployAsync();
        await Aws.RequestsAsync();

        var outcome = await repository.DeployAsync(new DeployOptions("test", 1));

        Assert.Equal(1, Assert.Single(outcome.Urls).Version);
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (string?)r["operation"] == "StartPipelineExecution");
    }

    [SkippableFact]
    public async Task A_newer_version_that_a_stage_serves_stays_until_something_changes_here()
    {
        using var repository = await DeployedAsync();
        await File.WriteAllTextAsync(repository.PathOf("weights.bin"), "weights");
        await File.WriteAllTextAsync(repository.PathOf("report.json"), """{"multiclass_classification_metrics": {"accuracy": {"value": 0.97}}}""");
        await repository.OnAsync(c => RegisterVerb.RunAsync(c, new BroughtModelOptions(repository.PathOf("weights.bin"), repository.PathOf("report.json"), null), CancellationToken.None));
        await repository.DeployAsync(new DeployOptions { Version = 2 });

        Assert.Empty((await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None))).Changes);
        Assert.False((await repository.DeployAsync()).Changed);
        Assert.Equal(2, ServedVersion("penguins-test"));
        Assert.Contains(repository.Events.All.OfType<Notice>(), n => n.Text.StartsWith("test: keeps version 2, which is newer than version 1", StringComparison.Ordinal));

        repository.Edit("src/train.py");
        await repository.DeployAsync();

        Assert.Equal(3, ServedVersion("penguins-test"));
    }

    [SkippableFact]
    public async Task Code_that_goes_back_brings_its_version_to_every_stage_however_many_deploys_that_takes()
    {
        using var repository = await DeployedAsync();
        var before = await File.ReadAllTextAsync(repository.PathOf("src/train.py"));
        repository.Edit("src/train.py");
        await repository.DeployAsync();
        await repository.ApproveAsync("acceptance", version: 2);
        await repository.DeployAsync();
        await File.WriteAllTextAsync(repository.PathOf("src/train.py"), before);
        repository.Change(c => c);
        await repository.DeployAsync();
        Assert.Equal((1, 2), (ServedVersion("penguins-test"), ServedVersion("penguins-acceptance")));

        await repository.ApproveAsync("acceptance", version: 1);
        await repository.DeployAsync();

        Assert.Equal((1, 1), (ServedVersion("penguins-test"), ServedVersion("penguins-acceptance")));
    }

    [SkippableFact]
    public async Task Settings_reach_what_serves_while_a_newer_version_waits_for_its_approval()
    {
        using var repository = await DeployedAsync();
        await repository.ApproveAsync("acceptance");
        await repository.DeployAsync();
        repository.Edit("src/train.py");
        await repository.DeployAsync();
        Assert.Equal(1, ServedVersion("penguins-acceptance"));

        repository.Change(c => c.Replace("stage: acceptance, approval: manual,", "stage: acceptance, approval: manual, environment: { NOTE: later },", StringComparison.Ordinal));
        var plan = await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));
        Assert.Contains(plan.Changes, c => c is { Kind: "stack", Name: "penguins-acceptance" });
        await repository.DeployAsync();

        Assert.Equal(1, ServedVersion("penguins-acceptance"));
        Assert.DoesNotContain((await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None))).Changes, c => c.Name.StartsWith("penguins-acceptance", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Whoever_waited_for_another_deploy_goes_by_what_was_decided_meanwhile()
    {
        using var repository = await DeployedAsync();
        repository.Edit("src/evaluate.py");
        await repository.DeployAsync();
        await repository.ApproveAsync("acceptance", version: 1);
        Aws.Boto("""client('s3').put_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/lock.json', Body='{"Id": "other", "Who": "somebody", "Machine": "a laptop", "Verb": "deploy", "Since": "2026-01-01T00:00:00Z"}')['ETag']""");

        var deploy = Task.Run(() => repository.FailAsync(() => repository.DeployAsync(new DeployOptions("acceptance", 1))));
        while (!deploy.IsCompleted && !repository.Events.All.OfType<Notice>().Any(n => n.Text.StartsWith("Waiting for 'deploy' of somebody", StringComparison.Ordinal)))
            await Task.Delay(50);
        Aws.Boto("client('sagemaker').update_model_package(ModelPackageArn='arn:aws:sagemaker:us-east-1:123456789012:model-package/penguins/1', CustomerMetadataProperties={'mlops:acceptance:decision': 'Rejected 2026-11-30T10:00:00.000Z somebody'})['ModelPackageArn']");
        Aws.Boto("client('s3').delete_object(Bucket='penguins-123456789012-us-east-1', Key='penguins/lock.json')['ResponseMetadata']['HTTPStatusCode']");

        Assert.Equal("MLOPS8005", (await deploy).Code);
    }
}
