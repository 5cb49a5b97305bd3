using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// What CloudFormation acts as while it changes a stack of a stage, so that who deploys versions needs no right to make roles. Derived from
/// the types of the resources: each needs what its handlers call ("handlers" of the CloudFormation registry's schemas). Who may pass it makes
/// roles of a stage by it, with the rights that their template says: 'aws.permissions_boundary' bounds those.
/// </summary>
internal static class StackRole
{
    /// <summary>The role, and the output with its ARN.</summary>
    public const string Role = "StackRole";

    /// <summary>CloudFormation shortens the names that it makes of a stack's name to make room for the rest.</summary>
    private const int MostOfStackName = 24;

    private const string Place = "${AWS::Region}:${AWS::AccountId}";

    /// <summary>Where an engineer changes stages with the rights of their own role: a role to deploy with has its own.</summary>
    public static bool IsNeeded(ModelPlan plan) => plan.Operations.Access.ContainsKey("ml_engineer") && Stages(plan).Any();

    /// <param name="types">Of the resources of the stages' templates.</param>
    public static void Add(StackTemplate template, ModelPlan plan, IEnumerable<string> types)
    {
        // Who names this role to CloudFormation has to be allowed to pass it: there is no deputy to confuse.
        var trust = new JsonObject { ["Effect"] = "Allow", ["Principal"] = new JsonObject { ["Service"] = "cloudformation.amazonaws.com" }, ["Action"] = "sts:AssumeRole" };
        Roles.Add(template, Role, trust, "Changes the stacks of the stages for CloudFormation.", [.. types.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).SelectMany(t => Of(t, plan))], plan.Aws.PermissionsBoundary, Cfn.Sub($"{plan.ModelName}-stacks-${{AWS::Region}}"));
        template.Output(Role, "The role that CloudFormation changes the stacks of the stages with.", Cfn.GetAtt(Role, "Arn"));
    }

    public static Permission Pass(string element) => new(element, ["iam:PassRole"], [$"${{{Role}.Arn}}"]) { Condition = PassedTo("cloudformation.amazonaws.com") };

    /// <summary>Those beside the build: the role is of this account, and of this region by what it names.</summary>
    private static IEnumerable<PlannedStage> Stages(ModelPlan plan) => plan.Stages.Where(s => s.Aws.DeployRole is null && s.Aws.SharesBusWith(plan.Aws));

    private static IEnumerable<Permission> Of(string type, ModelPlan plan)
    {
        var service = type.Split("::")[1];
        return type switch
        {
            "AWS::ApplicationAutoScaling::ScalableTarget" => [
                Need(type, ["application-autoscaling:DeregisterScalableTarget", "application-autoscaling:ListTagsForResource", "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource", "application-autoscaling:UntagResource"],
                    $"arn:${{AWS::Partition}}:application-autoscaling:{Place}:scalable-target/*"),
                Need(type, ["application-autoscaling:DescribeScalableTargets"], "*"),
                new(type, ["iam:CreateServiceLinkedRole"], ["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*"])
                {
                    Condition = new JsonObject { ["StringEquals"] = new JsonObject { ["iam:AWSServiceName"] = "sagemaker.application-autoscaling.amazonaws.com" } },
                }],
            "AWS::ApplicationAutoScaling::ScalingPolicy" => [
                Need(type, ["application-autoscaling:DeleteScalingPolicy", "application-autoscaling:PutScalingPolicy"], $"arn:${{AWS::Partition}}:application-autoscaling:{Place}:scalable-target/*"),
                Need(type, ["application-autoscaling:DescribeScalingPolicies"], "*"),
                // A policy that tracks a target makes its alarms with the rights of who puts it.
                Need(type, ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"], $"arn:${{AWS::Partition}}:cloudwatch:{Place}:alarm:TargetTracking-*")],
            "AWS::CloudWatch::Alarm" => [Need(type, ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
                [.. Names(plan, $"arn:${{AWS::Partition}}:cloudwatch:{Place}:alarm:")])],
            "AWS::CloudWatch::Dashboard" => [Need(type, ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"], [.. Stages(plan).Select(s => $"arn:${{AWS::Partition}}:cloudwatch::${{AWS::AccountId}}:dashboard/{plan.ModelName}-{s.Name}")])],
            "AWS::Events::Rule" => [Need(type, ["events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource"],
                [.. Made(plan, $"arn:${{AWS::Partition}}:events:{Place}:rule/")])],
            "AWS::IAM::Role" => OfRoles(type, plan),
            "AWS::Logs::LogGroup" => [
                Need(type, ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"],
                    [.. Stages(plan).Select(s => $"arn:${{AWS::Partition}}:logs:{Place}:log-group:/aws/sagemaker/Endpoints/{plan.ModelName}-{s.Name}*")]),
                Need(type, ["logs:DescribeLogGroups"], $"arn:${{AWS::Partition}}:logs:{Place}:log-group:*")],
            "AWS::SageMaker::Endpoint" => [
                Need(type, ["sagemaker:AddTags", "sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:DeleteTags", "sagemaker:DescribeEndpoint", "sagemaker:ListTags", "sagemaker:UpdateEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"],
                    [.. Stages(plan).Select(s => $"{SageMaker}:endpoint/{plan.ModelName}-{s.Name}"), $"{SageMaker}:endpoint-config/*"])],
            // The names of models and configurations are CloudFormation's, without the stack's.
            "AWS::SageMaker::EndpointConfig" => [
                Need(type, ["sagemaker:AddTags", "sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteTags", "sagemaker:DescribeEndpointConfig", "sagemaker:ListTags"], $"{SageMaker}:endpoint-config/*"),
                .. Stages(plan).SelectMany(s => new Permissions(plan, s.Aws, Storage.Name(plan)).Key(type))],
            "AWS::SageMaker::Model" => [
                Need(type, ["sagemaker:AddTags", "sagemaker:CreateModel", "sagemaker:DeleteModel", "sagemaker:DeleteTags", "sagemaker:DescribeModel", "sagemaker:ListTags"], $"{SageMaker}:model/*"),
                Need(type, ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"], $"{SageMaker}:model-package/{plan.GroupName}/*")],
            "AWS::SageMaker::Pipeline" => [
                Need(type, ["sagemaker:AddTags", "sagemaker:CreatePipeline", "sagemaker:DeletePipeline", "sagemaker:DeleteTags", "sagemaker:DescribePipeline", "sagemaker:ListTags", "sagemaker:UpdatePipeline"],
                    [.. Names(plan, $"{SageMaker}:pipeline/")])],
            "AWS::Scheduler::Schedule" => [Need(type, ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"], [.. Made(plan, $"arn:${{AWS::Partition}}:scheduler:{Place}:schedule/default/")])],
            // Of the topic of a stage in another region, which this role does not change.
            "AWS::KMS::Key" or "AWS::SNS::Subscription" or "AWS::SNS::Topic" or "AWS::SNS::TopicPolicy" => [],
            _ => throw new NotSupportedException($"What CloudFormation needs for a resource of {service} ({type}) is not known."),
        };
    }

    private const string SageMaker = $"arn:${{AWS::Partition}}:sagemaker:{Place}";

    private static IEnumerable<Permission> OfRoles(string type, ModelPlan plan)
    {
        string[] roles = [.. Made(plan, "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/")];
        string[] give = ["iam:CreateRole", "iam:PutRolePolicy"];
        if (plan.Aws.PermissionsBoundary is not null)
            yield return new(type, [.. give, "iam:PutRolePermissionsBoundary"], roles) { Condition = new JsonObject { ["StringEquals"] = new JsonObject { ["iam:PermissionsBoundary"] = Cfn.Ref(Roles.BoundaryParameter) } } };
        else
            yield return new(type, give, roles);
        yield return new(type, ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoleTags", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"], roles);
        yield return new(type, ["iam:PassRole"], [.. roles, .. Stages(plan).Select(s => s.Aws.ExecutionRole).OfType<string>().Distinct(StringComparer.Ordinal)])
        {
            Condition = PassedTo("events.amazonaws.com", "sagemaker.amazonaws.com", "scheduler.amazonaws.com"),
        };
    }

    private static JsonObject PassedTo(params string[] services) =>
        new() { ["StringEquals"] = new JsonObject { ["iam:PassedToService"] = services.Length == 1 ? services[0] : new JsonArray([.. services.Select(s => JsonValue.Create(s))]) } };

    private static Permission Need(string type, string[] actions, params string[] resources) => new(type, actions, resources);

    /// <summary>What the templates name after the stage.</summary>
    private static IEnumerable<string> Names(ModelPlan plan, string arn) => Stages(plan).Select(s => $"{arn}{plan.ModelName}-{s.Name}-*");

    /// <summary>What CloudFormation names after the stack, that of the stage's monitors included.</summary>
    private static IEnumerable<string> Made(ModelPlan plan, string arn) => Stages(plan)
        .Select(s => $"{plan.ModelName}-{s.Name}-").Select(n => n.Length > MostOfStackName ? n[..MostOfStackName] : n).Distinct(StringComparer.Ordinal).Select(n => $"{arn}{n}*");
}
