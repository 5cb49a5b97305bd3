namespace Mlops.Configuration.Facts;

/// <summary>
/// What CloudFormation makes of SageMaker, by region: in some it knows fewer types than SageMaker itself offers
/// (the resource schemas that CloudFormation publishes for each region, as of cfn-lint 1.51; a test compares).
/// </summary>
public static class ResourceTypes
{
    public const string ModelPackageGroup = "AWS::SageMaker::ModelPackageGroup";

    private static readonly string[] Serving = ["AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Model"];

    private static readonly HashSet<string> WithoutRegistry = ["ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-6", "cn-north-1", "cn-northwest-1", "us-gov-east-1"];

    private static readonly HashSet<string> WithoutServing =
    [
        "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-2",
        "il-central-1", "me-central-1", "mx-central-1", "us-gov-east-1",
    ];

    /// <summary>Those types of a model's build stack that a region lacks.</summary>
    public static IReadOnlyList<string> MissingForBuild(string region) => WithoutRegistry.Contains(region) ? [ModelPackageGroup] : [];

    /// <summary>Those types of a stage's stack that a region lacks.</summary>
    public static IReadOnlyList<string> MissingForServing(string region) => WithoutServing.Contains(region) ? Serving : [];
}
