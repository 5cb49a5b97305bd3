namespace Mlops.Platform.Aws.Tests;

/// <summary>One account for all: these tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class AwsCollection : ICollectionFixture<StandIn>
{
    public const string Name = "aws";
}
