using System.Text.Json.Nodes;

namespace Mlops.Sdk.Tests;

/// <summary>The packed SDK on AWS, by the commands that a user and a CI job type.</summary>
[Collection(PackagesCollection.Name)]
public sealed class AwsTests(PackagesFixture packages, StandIn aws) : IClassFixture<StandIn>
{
    private const string OnAws = "-p:MlopsPlatform=aws";

    [SkippableFact]
    public async Task A_scaffolded_repository_is_planned_deployed_approved_and_taken_away()
    {
        await aws.ResetAsync();
        await aws.SetAsync(JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.97}, "weighted_f1": {"value": 0.97}}}}""")!.AsObject());
        var model = await packages.ModelAsync("penguins", "--steps", "python");

        Assert.Equal("true", await ChangedAsync(model));
        (await model.RunAsync("publish", "-t:MlopsDeploy", OnAws)).Succeeded();
        (await model.RunAsync("build", "-t:MlopsApprove", OnAws)).Succeeded();
        var deployed = JsonNode.Parse((await model.RunAsync("publish", "-t:MlopsDeploy", OnAws, "-getTargetResult:MlopsDeploy")).Succeeded())!["TargetResults"]!["MlopsDeploy"]!["Items"]!.AsArray();
        Assert.Equal("false", await ChangedAsync(model));

        Assert.Equal(["staging", "production"], deployed.Select(i => (string?)i!["Stage"]));
        Assert.Equal(["InService", "InService"], aws.Boto("[client('sagemaker').describe_endpoint(EndpointName='penguins-' + s)['EndpointStatus'] for s in ('staging', 'production')]")!.AsArray().Select(s => (string?)s));
        Assert.Contains("error MLOPS7024", (await model.RunAsync("build", "-t:MlopsDestroy", OnAws)).Output, StringComparison.Ordinal);
        (await model.RunAsync("build", "-t:MlopsDestroy", OnAws, "-p:MlopsProtected=true")).Succeeded();
        Assert.Empty(await aws.InvalidAsync());
    }

    [SkippableFact]
    public async Task What_is_wrong_with_the_account_is_an_error_of_the_build()
    {
        await aws.ResetAsync();
        var model = await packages.ModelAsync("penguins", "--steps", "python");
        await File.AppendAllTextAsync(Path.Combine(model.Folder, "config.yaml"), "\naws: { account: \"999999999999\" }\n");

        var output = (await model.RunAsync("build", "-t:MlopsPublishPipeline", OnAws)).Output;

        Assert.Contains("error MLOPS7010: The credentials are of account 123456789012", output, StringComparison.Ordinal);
        Assert.DoesNotContain("testing", output, StringComparison.Ordinal);
    }

    /// <summary>Whether a deploy would do anything.</summary>
    private static async Task<string?> ChangedAsync(Mlops.Quickstart.Dotnet model) =>
        (string?)JsonNode.Parse((await model.RunAsync("build", "-t:MlopsPlan", OnAws, "-getTargetResult:MlopsPlan")).Succeeded())!["TargetResults"]!["MlopsPlan"]!["Items"]![0]!["Changed"];
}
