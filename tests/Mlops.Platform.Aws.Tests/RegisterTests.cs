using Mlops.Platform.Events;
using Mlops.Platform.Governance;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Tests;

/// <summary>Models that were made elsewhere, as versions beside those of the pipeline.</summary>
public sealed class RegisterTests(StandIn aws) : AwsTest(aws)
{
    private const string Report = """{"multiclass_classification_metrics": {"accuracy": {"value": 0.97}}}""";

    [SkippableFact]
    public async Task A_brought_model_is_the_next_version_once_and_is_deployed_as_any()
    {
        using var repository = await DeployedAsync();
        await File.WriteAllTextAsync(repository.PathOf("weights.bin"), "weights");
        await File.WriteAllTextAsync(repository.PathOf("report.json"), Report);

        var first = await RegisterAsync(repository);
        var again = await RegisterAsync(repository);

        Assert.Equal((2, true), (first.Version, first.Changed));
        Assert.Equal((2, false), (again.Version, again.Changed));
        var package = Aws.Boto("client('sagemaker').describe_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='penguins', SortBy='CreationTime', SortOrder='Descending')['ModelPackageSummaryList'][0]['ModelPackageArn'])");
        Assert.Equal("by hand", (string?)package!["ModelPackageDescription"]);
        var url = (string)package["InferenceSpecification"]!["Containers"]![0]!["ModelDataUrl"]!;
        Assert.Equal("weights.bin", (string?)Aws.Boto($"__import__('tarfile').open(fileobj=__import__('io').BytesIO(client('s3').get_object(Bucket='{url.Split('/')[2]}', Key='{string.Join('/', url.Split('/').Skip(3))}')['Body'].read())).getnames()[0]"));
        Assert.Equal(0.97, (await repository.OnAsync(c => c.Platform.Models.MetricsAsync("penguins", 2, CancellationToken.None)))["multiclass_classification_metrics.accuracy.value"]);

        await repository.DeployAsync(new DeployOptions { Version = 2 });

        Assert.Equal(2, ServedVersion("penguins-test"));
        var lineage = await repository.OnAsync(c => LineageVerb.RunAsync(c, 2, CancellationToken.None));
        Assert.Equal("", lineage.ExecutionId);
        Assert.Contains(lineage.MadeOf, m => m.Name == url && m.Digest?.StartsWith("sha256:", StringComparison.Ordinal) == true);
        Assert.Contains(lineage.MadeOf, m => m.Name.StartsWith(Material.Code, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Code_that_containers_look_for_in_the_archive_is_put_there()
    {
        await StartAsync();
        using var repository = new ModelRepository("huggingface");
        await File.WriteAllTextAsync(repository.PathOf("weights.bin"), "weights");
        await File.WriteAllTextAsync(repository.PathOf("report.json"), """{"binary_classification_metrics": {"auc": {"value": 0.9}}}""");

        Assert.Equal(1, (await RegisterAsync(repository)).Version);

        var package = Aws.Boto("client('sagemaker').describe_model_package(ModelPackageName=client('sagemaker').list_model_packages(ModelPackageGroupName='huggingface')['ModelPackageSummaryList'][0]['ModelPackageArn'])")!;
        var url = (string)package["InferenceSpecification"]!["Containers"]![0]!["ModelDataUrl"]!;
        var names = Texts(Aws.Boto($"__import__('tarfile').open(fileobj=__import__('io').BytesIO(client('s3').get_object(Bucket='{url.Split('/')[2]}', Key='{string.Join('/', url.Split('/').Skip(3))}')['Body'].read())).getnames()"));
        Assert.Equal(["code/serve.py", "weights.bin"], names);
    }

    [SkippableTheory]
    [InlineData(null, "MLOPS8013")]
    [InlineData("not json", "MLOPS8014")]
    [InlineData("""{"multiclass_classification_metrics": {}}""", "MLOPS5006")]
    [InlineData("""{"multiclass_classification_metrics": {"accuracy": {"value": 0.1}}}""", "MLOPS5001")]
    public async Task A_model_that_does_not_pass_the_gates_is_not_registered(string? report, string code)
    {
        using var repository = await DeployedAsync();
        await File.WriteAllTextAsync(repository.PathOf("weights.bin"), "weights");
        if (report is not null)
            await File.WriteAllTextAsync(repository.PathOf("report.json"), report);

        Assert.Equal(code, (await repository.FailAsync(() => RegisterAsync(repository, report is null ? null : "report.json"))).Code);
        Assert.Single((await repository.OnAsync(c => c.Platform.Models.ListAsync("penguins", CancellationToken.None))));
    }

    [SkippableFact]
    public async Task A_model_that_is_not_there_is_said()
    {
        using var repository = await DeployedAsync();

        Assert.Equal("MLOPS5018", (await repository.FailAsync(() => RegisterAsync(repository))).Code);
    }

    private static Task<Outcome> RegisterAsync(ModelRepository repository, string? report = "report.json") => repository.OnAsync(c => RegisterVerb.RunAsync(
        c, new BroughtModelOptions(repository.PathOf("weights.bin"), report is null ? null : repository.PathOf(report), "by hand"), CancellationToken.None));
}
