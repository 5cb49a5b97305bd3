using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;

namespace Mlops.Compilation.Stacks;

/// <summary>More and fewer instances: by requests a minute, or by what waits; an asynchronous endpoint may have none while nothing waits.</summary>
internal static class ScalingResources
{
    private const string Dimension = "sagemaker:variant:DesiredInstanceCount";

    public static void Add(StackTemplate template, ModelPlan plan, PlannedAutoscaling scaling, IReadOnlyList<string> variants, bool queued)
    {
        foreach (var variant in variants)
        {
            var suffix = variant == EndpointShape.OneVariant ? "" : variant;
            var target = $"ScalableTarget{suffix}";
            template.Add(target, "AWS::ApplicationAutoScaling::ScalableTarget", new JsonObject
            {
                ["ServiceNamespace"] = "sagemaker",
                ["ScalableDimension"] = Dimension,
                ["ResourceId"] = Resource(plan, variant),
                ["MinCapacity"] = template.Number("MinCapacity", "The fewest instances.", scaling.Min),
                ["MaxCapacity"] = template.Number("MaxCapacity", "The most instances.", scaling.Max),
            }, "Endpoint");
            var tracking = new JsonObject { ["TargetValue"] = scaling.Target, ["ScaleInCooldown"] = scaling.ScaleInSeconds, ["ScaleOutCooldown"] = scaling.ScaleOutSeconds };
            if (queued)
                tracking["CustomizedMetricSpecification"] = new JsonObject { ["Namespace"] = "AWS/SageMaker", ["MetricName"] = "ApproximateBacklogSizePerInstance", ["Dimensions"] = Endpoint(plan), ["Statistic"] = "Average" };
            else
                tracking["PredefinedMetricSpecification"] = new JsonObject { ["PredefinedMetricType"] = "SageMakerVariantInvocationsPerInstance" };
            template.Add($"ScalingPolicy{suffix}", "AWS::ApplicationAutoScaling::ScalingPolicy", new JsonObject
            {
                ["PolicyName"] = Cfn.Sub($"{DeployStack.StageName(plan)}-{variant}"),
                ["PolicyType"] = "TargetTrackingScaling",
                ["ServiceNamespace"] = "sagemaker",
                ["ScalableDimension"] = Dimension,
                ["ResourceId"] = Resource(plan, variant),
                ["TargetTrackingScalingPolicyConfiguration"] = tracking,
            }, target);
            if (queued && scaling.Min == 0)
                AddWaking(template, plan, target, scaling);
        }
    }

    /// <summary>Without an instance there is no backlog per instance: the first one starts when something waits ("Autoscale an asynchronous endpoint").</summary>
    private static void AddWaking(StackTemplate template, ModelPlan plan, string target, PlannedAutoscaling scaling)
    {
        template.Add("WakePolicy", "AWS::ApplicationAutoScaling::ScalingPolicy", new JsonObject
        {
            ["PolicyName"] = Cfn.Sub($"{DeployStack.StageName(plan)}-wake"),
            ["PolicyType"] = "StepScaling",
            ["ServiceNamespace"] = "sagemaker",
            ["ScalableDimension"] = Dimension,
            ["ResourceId"] = Resource(plan, EndpointShape.OneVariant),
            ["StepScalingPolicyConfiguration"] = new JsonObject
            {
                ["AdjustmentType"] = "ChangeInCapacity",
                ["MetricAggregationType"] = "Average",
                ["Cooldown"] = scaling.ScaleOutSeconds,
                ["StepAdjustments"] = new JsonArray(new JsonObject { ["MetricIntervalLowerBound"] = 0, ["ScalingAdjustment"] = 1 }),
            },
        }, target);
        template.Add("WakeAlarm", "AWS::CloudWatch::Alarm", new JsonObject
        {
            ["AlarmName"] = Cfn.Sub($"{DeployStack.StageName(plan)}-wake"),
            ["AlarmDescription"] = "Something waits, and there is no instance.",
            ["Namespace"] = "AWS/SageMaker",
            ["MetricName"] = "HasBacklogWithoutCapacity",
            ["Dimensions"] = Endpoint(plan),
            ["Statistic"] = "Average",
            ["Period"] = 60,
            ["EvaluationPeriods"] = 1,
            ["Threshold"] = 1,
            ["ComparisonOperator"] = "GreaterThanOrEqualToThreshold",
            ["TreatMissingData"] = "notBreaching",
            ["AlarmActions"] = new JsonArray(Cfn.Ref("WakePolicy")),
        });
    }

    private static JsonObject Resource(ModelPlan plan, string variant) => Cfn.Sub($"endpoint/{DeployStack.StageName(plan)}/variant/{variant}");

    private static JsonArray Endpoint(ModelPlan plan) => new(new JsonObject { ["Name"] = "EndpointName", ["Value"] = Cfn.Sub(DeployStack.StageName(plan)) });
}
