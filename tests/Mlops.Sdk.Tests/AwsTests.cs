using System.IO.Compression;
using System.Text;
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
        var logged = (await model.RunAsync("publish", "-t:MlopsDeploy", OnAws, "-v:diag", "-bl:deploy.binlog")).Succeeded();
        Assert.DoesNotContain(StandIn.Secret, logged, StringComparison.Ordinal);
        await using (var binlog = new GZipStream(File.OpenRead(Path.Combine(model.Folder, "deploy.binlog")), CompressionMode.Decompress))
        using (var content = new MemoryStream())
        {
            await binlog.CopyToAsync(content);
            Assert.True(content.ToArray().AsSpan().IndexOf("MlopsDeploy"u8) > 0);
            Assert.True(content.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(StandIn.Secret)) < 0, "The binary log has the secret key.");
        }

        Assert.All(Directory.EnumerateFiles(model.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".binlog", StringComparison.Ordinal)),
            f => Assert.True(File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(StandIn.Secret)) < 0, f));
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
    public async Task A_program_in_CSharp_runs_in_a_container_that_is_made_once_and_named_by_its_digest()
    {
        await aws.ResetAsync();
        await aws.SetAsync(JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.97}, "weighted_f1": {"value": 0.97}}}}""")!.AsObject());
        var model = await packages.ModelAsync("penguins", "--steps", "dotnet");
        // Microsoft's registry may be out of reach of a test: the stand-in has a base image of the same form.
        string[] onAws = [OnAws, $"-p:ContainerBaseImage={new Uri(aws.Url!).Authority}/dotnet/aspnet:10.0"];

        var planned = (await model.RunAsync(["build", "-t:MlopsPlan", .. onAws])).Succeeded();
        var output = (await model.RunAsync(["publish", "-t:MlopsDeploy", "-v:diagnostic", .. onAws])).Succeeded();
        await aws.RequestsAsync();
        (await model.RunAsync(["publish", "-t:MlopsDeploy", .. onAws])).Succeeded();

        Assert.Contains("penguins.csproj", planned, StringComparison.Ordinal);
        Assert.DoesNotContain("a-planted-password", output, StringComparison.Ordinal);
        Assert.DoesNotContain(await aws.RequestsAsync(), r => (bool)r["write"]! && (string?)r["service"] != "s3");
        var image = aws.Boto("client('ecr').describe_images(repositoryName='penguins-program')['imageDetails']")!.AsArray().Single()!;
        var named = $"123456789012.dkr.ecr.us-east-1.amazonaws.com/penguins-program@{image["imageDigest"]}";
        Assert.Equal(named, (string?)aws.Boto("[p['DefaultValue'] for p in json.loads(client('sagemaker').describe_pipeline(PipelineName='penguins')['PipelineDefinition'])['Parameters'] if p['Name'] == 'image-dotnet'][0]"));
        Assert.Equal(named, (string?)aws.Boto("client('sagemaker').describe_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList'][0]['ModelPackageArn'])['InferenceSpecification']['Containers'][0]['Image']"));
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
        Assert.DoesNotContain(StandIn.Secret, output, StringComparison.Ordinal);
    }

    /// <summary>Whether a deploy would do anything.</summary>
    private static async Task<string?> ChangedAsync(Mlops.Quickstart.Dotnet model) =>
        (string?)JsonNode.Parse((await model.RunAsync("build", "-t:MlopsPlan", OnAws, "-getTargetResult:MlopsPlan")).Succeeded())!["TargetResults"]!["MlopsPlan"]!["Items"]![0]!["Changed"];
}
