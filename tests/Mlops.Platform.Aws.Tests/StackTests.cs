using System.Text.Json.Nodes;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Stacks that failed, are stuck, or are somebody else's business: each says what to do next, and the same command goes on.</summary>
public sealed class StackTests(StandIn aws) : AwsTest(aws)
{
    [SkippableFact]
    public async Task A_first_try_that_failed_is_replaced_by_the_next()
    {
        await StartAsync();
        using var repository = new ModelRepository("python-minimal");
        await Aws.SetAsync(new JsonObject { ["fail_stack"] = new JsonObject { ["penguins-staging"] = "The requested instance type is not available." } });

        var problem = await repository.FailAsync(() => repository.DeployAsync());
        var outcome = await repository.DeployAsync();

        Assert.Equal("MLOPS7020", problem.Code);
        Assert.Contains("not available", problem.Message, StringComparison.Ordinal);
        Assert.Equal("staging", Assert.Single(outcome.Urls).Stage);
        Assert.Equal(1, outcome.Version);
    }

    [SkippableFact]
    public async Task An_update_that_failed_leaves_what_was_and_is_tried_again()
    {
        using var repository = await DeployedAsync("python-minimal");
        repository.Change(c => c.Replace("stage: staging, realtime: { instance: { type: ml.m5.large } }", "stage: staging, realtime: { instance: { type: ml.m5.xlarge } }", StringComparison.Ordinal));
        await Aws.SetAsync(new JsonObject { ["fail_stack"] = new JsonObject { ["penguins-staging"] = "No capacity." } });

        var problem = await repository.FailAsync(() => repository.DeployAsync());
        var status = (string?)Aws.Boto("client('sagemaker').describe_endpoint(EndpointName='penguins-staging')['EndpointStatus']");
        var outcome = await repository.DeployAsync();

        Assert.Equal("MLOPS7020", problem.Code);
        Assert.Equal("InService", status);
        Assert.True(outcome.Changed);
        Assert.Equal("ml.m5.xlarge", (string?)Aws.Boto("(lambda s: s.describe_endpoint_config(EndpointConfigName=s.describe_endpoint(EndpointName='penguins-staging')['EndpointConfigName'])['ProductionVariants'][0]['InstanceType'])(client('sagemaker'))"));
    }

    [SkippableTheory]
    [InlineData("UPDATE_ROLLBACK_FAILED", "continue-update-rollback")]
    [InlineData("DELETE_FAILED", "delete-stack")]
    [InlineData("UPDATE_FAILED", "rollback-stack")]
    public async Task A_stack_that_only_a_person_can_free_names_the_command(string status, string command)
    {
        using var repository = await DeployedAsync("python-minimal");
        await Aws.SetAsync(new JsonObject { ["stacks"] = new JsonObject { ["penguins-staging"] = new JsonObject { ["status"] = status, ["reason"] = "by hand" } } });

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal("MLOPS7021", problem.Code);
        Assert.Contains(status, problem.Message, StringComparison.Ordinal);
        Assert.Contains($"aws cloudformation {command} --stack-name penguins-staging", problem.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_template_that_is_too_large_for_a_request_comes_from_the_bucket_that_it_makes()
    {
        await StartAsync();
        using var repository = new ModelRepository("python-minimal");
        var file = repository.PathOf("built/model-build.template.json");
        // Metadata makes it large, and no resource.
        var template = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
        template["Metadata"] = new JsonObject { ["Padding"] = new string('x', Stacks.StackTemplateFile.MostInlineBytes) };
        File.WriteAllText(file, template.ToJsonString());

        await repository.OnAsync(async c => await c.Platform.PrepareAsync([], CancellationToken.None));

        Assert.Contains("ExecutionRole", Aws.Boto("[o['OutputKey'] for o in client('cloudformation').describe_stacks()['Stacks'][0]['Outputs']]")!.AsArray().Select(o => (string?)o));
    }

    [SkippableFact]
    public async Task Two_deploys_at_once_make_one_version()
    {
        await StartAsync();
        using var repository = new ModelRepository("python-minimal");
        await repository.OnAsync(async c => await Verbs.PublishVerb.RunAsync(c, CancellationToken.None));

        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => repository.DeployAsync())));

        Assert.Equal(1, (int?)Aws.Boto("len(client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'])"));
        Assert.Equal("InService", (string?)Aws.Boto("client('sagemaker').describe_endpoint(EndpointName='penguins-staging')['EndpointStatus']"));
    }
}
