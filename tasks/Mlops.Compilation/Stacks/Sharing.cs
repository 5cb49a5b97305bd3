using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>The model package group, and the accounts that read its versions: those of stages, and those that the configuration shares with.</summary>
internal static class Sharing
{
    public const string Parameter = "SharedAccounts";

    public const string Condition = "HasSharedAccounts";

    /// <summary>Those of stages alone: what happens there reaches this account.</summary>
    public const string StageParameter = "StageAccounts";

    public const string StageCondition = "HasStageAccounts";

    /// <summary>The accounts as one text, with commas between.</summary>
    public static JsonObject Joined(string parameter) => new() { ["Fn::Join"] = new JsonArray(",", Cfn.Ref(parameter)) };

    public const string Group = StackContract.GroupResource;

    /// <summary>All that read.</summary>
    public static IReadOnlyList<string> Accounts(ModelPlan plan) => [.. plan.Operations.SharedWith.Concat(StageAccounts(plan)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> StageAccounts(ModelPlan plan) =>
        [.. plan.Stages.Select(s => s.Aws.Account).OfType<string>().Where(a => a != plan.Aws.Account).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public static void Add(StackTemplate template, ModelPlan plan)
    {
        // Without a description: another one would be another group, and CloudFormation replaces none that has a name. The versions and the card have it.
        var group = new JsonObject { ["ModelPackageGroupName"] = plan.GroupName };
        if (StageAccounts(plan) is { Count: > 0 } stages)
            AddAccounts(template, StageParameter, StageCondition, "Accounts of stages.", stages);
        if (Accounts(plan) is { Count: > 0 } accounts)
        {
            AddAccounts(template, Parameter, Condition, "Accounts that may read the registered versions.", accounts);
            group["ModelPackageGroupPolicy"] = Cfn.If(Condition, Roles.Document([
                Allow("ReadGroup", ["sagemaker:DescribeModelPackageGroup"], $"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:model-package-group/{plan.GroupName}"),
                Allow("ReadVersions", ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], $"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:model-package/{plan.GroupName}/*"),
            ]), Cfn.NoValue);
        }

        var resource = template.Add(Group, "AWS::SageMaker::ModelPackageGroup", group);
        resource["DeletionPolicy"] = "RetainExceptOnCreate";
        resource["UpdateReplacePolicy"] = "Retain";
        template.Output(Group, "The group of the registered versions.", Cfn.GetAtt(Group, "ModelPackageGroupArn"));
    }

    /// <summary>Without accounts there is nobody to share with: then the stack is one of this account alone.</summary>
    private static void AddAccounts(StackTemplate template, string parameter, string condition, string meaning, IReadOnlyList<string> accounts)
    {
        template.List(parameter, meaning, accounts);
        template.Parameters[parameter]!["Default"] = "";
        template.Conditions[condition] = new JsonObject { ["Fn::Not"] = new JsonArray(new JsonObject { ["Fn::Equals"] = new JsonArray(Joined(parameter), "") }) };
    }

    private static JsonObject Allow(string sid, string[] actions, string resource) => new()
    {
        ["Sid"] = sid,
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["AWS"] = Cfn.Ref(Parameter) },
        ["Action"] = new JsonArray([.. actions.Select(a => JsonValue.Create(a))]),
        ["Resource"] = Cfn.Sub(resource),
    };
}
