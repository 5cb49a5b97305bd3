using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>The repository in ECR of the containers that publish makes of the C# program. Registered versions name their images by digest: none is ever replaced, or taken away with the stack.</summary>
internal static class ProgramRepository
{
    private const string Repository = StackContract.RepositoryOutput;

    /// <summary>How ${...} names its ARN.</summary>
    private const string ArnName = $"${{{Repository}.Arn}}";

    /// <summary>Its name, by which stages elsewhere are allowed to read it.</summary>
    public static string NameOf(ModelPlan plan) => ResourceNames.Repository(plan.ModelName);

    private static readonly string[] Reading = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

    public static void Add(StackTemplate template, ModelPlan plan)
    {
        // Encrypted by ECR itself: another key would be another repository, which CloudFormation makes of no name of one's own.
        var properties = new JsonObject
        {
            ["RepositoryName"] = NameOf(plan),
            ["ImageTagMutability"] = "IMMUTABLE",
            ["ImageScanningConfiguration"] = new JsonObject { ["ScanOnPush"] = true },
        };
        if (Sharing.Accounts(plan).Count > 0)
        {
            properties["RepositoryPolicyText"] = Cfn.If(Sharing.Condition, Roles.Document([new JsonObject
            {
                ["Sid"] = "OtherAccountsRunModels",
                ["Effect"] = "Allow",
                ["Principal"] = new JsonObject { ["AWS"] = Cfn.Ref(Sharing.Parameter) },
                ["Action"] = new JsonArray([.. Reading.Select(a => JsonValue.Create(a))]),
            }]), Cfn.NoValue);
        }

        var resource = template.Add(Repository, "AWS::ECR::Repository", properties);
        resource["DeletionPolicy"] = "RetainExceptOnCreate";
        resource["UpdateReplacePolicy"] = "Retain";
        template.Output(Repository, "The repository of the program's containers.", Cfn.GetAtt(Repository, "RepositoryUri"));
    }

    /// <summary>What every verb that publishes or plans asks: whether an image is there.</summary>
    public static Permission Look(string element) => new(element, ["ecr:DescribeImages"], [ArnName]);

    /// <summary>What publishing a container takes.</summary>
    public static IEnumerable<Permission> Push(string element)
    {
        yield return new(element, [.. Reading, "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"], [ArnName]);
        yield return new(element, ["ecr:GetAuthorizationToken"], ["*"]);
    }
}
