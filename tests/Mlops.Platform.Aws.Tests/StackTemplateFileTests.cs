using System.Text;
using Mlops.Platform.Aws.Stacks;

namespace Mlops.Platform.Aws.Tests;

/// <summary>What is known of a template before CloudFormation has it.</summary>
public sealed class StackTemplateFileTests
{
    /// <summary>Two stages, as the compiler merges them: one scales, the other is serverless.</summary>
    private const string Merged = """
        {
          "Parameters": { "Stage": { "Type": "String" }, "Kind": { "Type": "String", "Default": "ml.m5.large" } },
          "Conditions": {
            "IsOne": { "Fn::Equals": [{ "Ref": "Stage" }, "one"] },
            "IsTwoOrThree": { "Fn::Or": [{ "Fn::Equals": [{ "Ref": "Stage" }, "two"] }, { "Fn::Equals": [{ "Ref": "Stage" }, "three"] }] },
            "IsNotOne": { "Fn::Not": [{ "Condition": "IsOne" }] }
          },
          "Resources": {
            "EndpointConfig": {
              "Type": "AWS::SageMaker::EndpointConfig",
              "Properties": { "ProductionVariants": [{ "VariantName": "AllTraffic", "InstanceType": { "Fn::If": ["IsOne", { "Ref": "Kind" }, { "Ref": "AWS::NoValue" }] } }] }
            },
            "ScalableTarget": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Condition": "IsOne", "Properties": {} },
            "Logs": { "Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Condition": "IsNotOne", "Properties": { "LogGroupName": { "Fn::Sub": "/logs/${AWS::Region}/${Stage}" } } },
            "Odd": { "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": { "BucketName": { "Fn::Join": ["-", ["a", { "Ref": "Stage" }]] } } },
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": { "Fn::Sub": "${Stage}-role" } } }
          }
        }
        """;

    private static StackTemplateFile Template => StackTemplateFile.Parse(Encoding.UTF8.GetBytes(Merged), "the template");

    [Theory]
    [InlineData("one", "", "ml.m5.large", true)]
    [InlineData("one", "ml.m5.xlarge", "ml.m5.xlarge", true)]
    [InlineData("two", "ml.m5.xlarge", "", false)]
    public void Variants_and_their_scaling_are_those_of_the_stage(string stage, string kind, string instance, bool isScaled)
    {
        var given = new Dictionary<string, string> { ["Stage"] = stage };
        if (kind.Length > 0)
            given["Kind"] = kind;

        Assert.Equal(instance, Assert.Single(Template.Variants(given)).Value);
        Assert.Equal(isScaled, Template.IsScaled(given));
    }

    /// <summary>"Import AWS resources automatically": names with functions are not looked for.</summary>
    [Fact]
    public void What_outlives_its_stack_has_a_plain_name()
    {
        var named = Template.WithNames(StackParameters.In("123456789012", "eu-central-1", new Dictionary<string, string> { ["Stage"] = "two" })).Source;

        Assert.Contains("""
            "LogGroupName":"/logs/eu-central-1/two"
            """.Trim(), named, StringComparison.Ordinal);
        Assert.Contains("${Stage}-role", named, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_which_something_is_not_known_stays_as_it_is() =>
        Assert.Equal(Template.Source, Template.WithNames(StackParameters.In("123456789012", "eu-central-1", new Dictionary<string, string>())).Source);
}
