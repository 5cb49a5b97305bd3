namespace Mlops.Aws.Clients.Tests;

/// <summary>The committed clients are what the published models give. MLOPS_UPDATE_GOLDEN=1 writes them anew.</summary>
public sealed class GeneratedClientsTests
{
    /// <summary>By service: the namespace and the operations that this project calls.</summary>
    private static readonly Dictionary<string, (string Namespace, string[] Operations)> Services = new()
    {
        ["sagemaker"] = ("SageMaker",
        [
            "CreateModelPackage", "CreatePipeline", "DeleteModelPackage", "DeleteModelPackageGroup", "DeletePipeline", "DescribeEndpoint", "DescribeModelPackage", "DescribeModelPackageGroup", "DescribePipeline", "DescribePipelineDefinitionForExecution", "DescribePipelineExecution",
            "DescribeProcessingJob", "DescribeTrainingJob", "ListModelPackages", "ListPipelineExecutions", "ListPipelineExecutionSteps", "ListPipelineParametersForExecution", "StartPipelineExecution",
            "StopPipelineExecution", "UpdateModelPackage", "UpdatePipeline",
        ]),
        ["sagemaker-runtime"] = ("SageMakerRuntime", ["InvokeEndpoint", "InvokeEndpointAsync"]),
        ["cloudformation"] = ("CloudFormation",
        [
            "CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeStackDriftDetectionStatus", "DescribeStackEvents", "DescribeStackResourceDrifts",
            "DescribeStacks", "DetectStackDrift", "DetectStackResourceDrift", "ExecuteChangeSet", "UpdateTerminationProtection",
        ]),
        ["ecr"] = ("ECR", ["DeleteRepository", "DescribeImages", "GetAuthorizationToken"]),
        ["iam"] = ("IdentityManagement", ["GetRole"]),
        ["logs"] = ("CloudWatchLogs", ["DescribeLogStreams", "GetLogEvents"]),
    };

    public static TheoryData<string> Names => [.. Services.Keys];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void AreWhatThePublishedModelsGive(string service)
    {
        var (ns, operations) = Services[service];
        Skip.If(!Conformance.HasPython("botocore"), "botocore is not here: its data holds the published API models.");
        var (_, botocore) = Conformance.RunPython("-c", "import botocore, os; print(os.path.dirname(botocore.__file__))");

        var made = new ClientGenerator(ApiModel.Load(botocore.Trim(), service), ns, operations).Generate();

        var file = Path.Combine(TestFolder.Repository, "tasks", "Mlops.Aws.Clients", "Generated", ns + ".cs");
        if (Environment.GetEnvironmentVariable("MLOPS_UPDATE_GOLDEN") == "1")
            File.WriteAllText(file, made);
        Assert.Equal(made, File.ReadAllText(file));
    }
}
