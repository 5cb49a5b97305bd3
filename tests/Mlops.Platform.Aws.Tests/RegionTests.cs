using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>A stage in another region than the build: it serves copies of the versions, from that region alone.</summary>
public sealed class RegionTests(StandIn aws) : AwsTest(aws)
{
    private const string SageMaker = "client('sagemaker', region_name='eu-central-1')";

    [SkippableFact]
    public async Task A_version_is_copied_to_where_its_stage_is()
    {
        using var repository = await FarAsync();

        Assert.Empty(Texts(Aws.Boto("[e['EndpointName'] for e in client('sagemaker').list_endpoints()['Endpoints']]")));
        Assert.Equal(["penguins-test"], Texts(Aws.Boto($"[e['EndpointName'] for e in {SageMaker}.list_endpoints()['Endpoints']]")));
        var container = Aws.Boto($"[{SageMaker}.describe_model(ModelName=m['ModelName'])['PrimaryContainer'] for m in {SageMaker}.list_models()['Models']][0]")!;
        // "Docker registry paths": the registry of Frankfurt.
        Assert.StartsWith("492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:", (string)container["Image"]!, StringComparison.Ordinal);
        var there = Texts(Aws.Boto("['s3://far/' + o['Key'] for o in client('s3', region_name='eu-central-1').list_objects_v2(Bucket='far')['Contents']]")).ToList();
        Assert.Contains((string)container["ModelDataUrl"]!, there);
        Assert.Contains((string)container["Environment"]!["SAGEMAKER_SUBMIT_DIRECTORY"]!, there);
    }

    [SkippableFact]
    public async Task A_second_deploy_changes_nothing()
    {
        using var repository = await FarAsync();
        await Aws.RequestsAsync();

        var outcome = await repository.DeployAsync();

        Assert.False(outcome.Changed);
        Assert.Equal(["test"], outcome.Urls.Select(u => u.Stage));
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task A_new_version_is_served_and_the_old_one_again()
    {
        using var repository = await FarAsync();
        repository.Edit("src/train.py");
        await repository.DeployAsync();
        var second = await ServedAsync(repository);

        await repository.DeployAsync(new DeployOptions { Version = 1, Stage = "test" });

        Assert.Equal((2, 1), (second, await ServedAsync(repository)));
    }

    [SkippableFact]
    public async Task What_was_copied_goes_with_the_data()
    {
        using var repository = await FarAsync();

        await repository.DestroyAsync(new DestroyOptions(EvenProtected: true, Everything: true, Data: "penguins"));

        Assert.Empty(Aws.Boto("client('s3', region_name='eu-central-1').list_object_versions(Bucket='far').get('Versions', [])")!.AsArray());
        Assert.Equal(["far"], Texts(Aws.Boto("[b['Name'] for b in client('s3').list_buckets()['Buckets']]")));
    }

    [SkippableFact]
    public async Task A_plan_copies_nothing()
    {
        using var repository = await FarAsync();
        repository.Edit("src/train.py");
        await Aws.RequestsAsync();

        await repository.OnAsync(c => PlanVerb.RunAsync(c, new Dictionary<string, string>(), CancellationToken.None));

        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (string)r["operation"]! is "CopyObject" or "CreateModelPackage");
    }

    /// <summary>The region of the build is that of the environment, which config.yaml does not know.</summary>
    [SkippableFact]
    public async Task Without_a_bucket_there_it_is_refused_before_anything_is_done()
    {
        await StartAsync();
        using var repository = new ModelRepository("stages", c => c.Replace("stage: test, realtime: {},", "stage: test, realtime: {}, aws: { region: eu-central-1 },", StringComparison.Ordinal));

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal(("MLOPS7052", true), (problem.Code, problem.Line > 0));
        Assert.DoesNotContain(await Aws.RequestsAsync(), r => (bool)r["write"]!);
    }

    [SkippableFact]
    public async Task An_image_that_is_not_there_is_said()
    {
        await StartAsync();
        MakeBucket();
        using var repository = new ModelRepository("stages", c => Far(c).Replace("inference: { entry_point: src/inference.py,", "inference: { runtime: { framework: custom, image: \"123456789012.dkr.ecr.us-east-1.amazonaws.com/answers:1\" },", StringComparison.Ordinal));

        var problem = await repository.FailAsync(() => repository.DeployAsync());

        Assert.Equal(("MLOPS7053", true), (problem.Code, problem.Line > 0));
        Assert.Contains("123456789012.dkr.ecr.eu-central-1.amazonaws.com/answers:1", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>A repository whose first version serves in Frankfurt, and was built in Virginia.</summary>
    private async Task<ModelRepository> FarAsync()
    {
        await StartAsync();
        MakeBucket();
        var repository = new ModelRepository("stages", Far);
        await repository.DeployAsync();
        return repository;
    }

    private static string Far(string config) =>
        config.Replace("stage: test, realtime: {},", "stage: test, realtime: {}, aws: { region: eu-central-1, bucket: far },", StringComparison.Ordinal).Replace("500ms", "5s", StringComparison.Ordinal) + "\naws: { region: us-east-1 }\n";

    private void MakeBucket() => Aws.Boto("client('s3', region_name='eu-central-1').create_bucket(Bucket='far', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})['ResponseMetadata']['HTTPStatusCode']");

    private static async Task<int> ServedAsync(ModelRepository repository) =>
        (await repository.OnAsync(c => c.Platform.Stages.DescribeAsync(c.Workspace.Stage("test"), CancellationToken.None)))!.Version;
}
