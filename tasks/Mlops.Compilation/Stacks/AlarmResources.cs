using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Stacks;

/// <summary>Alarms of an endpoint, by the metrics of "Monitor Amazon SageMaker AI with Amazon CloudWatch".</summary>
internal static class AlarmResources
{
    private const string Namespace = "AWS/SageMaker";

    /// <returns>The alarms that roll a rollout back.</returns>
    public static IReadOnlyList<string> Add(StackTemplate template, ModelPlan plan, PlannedStage stage, IReadOnlyList<string> variants)
    {
        var guards = new List<string>();
        if (stage.Alarms is not { } alarms)
            return guards;
        foreach (var variant in variants)
        {
            var (suffix, name) = variant == EndpointShape.OneVariant ? ("", "") : (variant, "-" + variant.ToLowerInvariant());
            if (alarms.P99Milliseconds is { } latency)
            {
                // ModelLatency is in microseconds.
                var alarm = One(plan, variant, "ModelLatency", alarms.PeriodSeconds);
                alarm["ExtendedStatistic"] = "p99";
                alarm["Threshold"] = latency * 1000;
                alarm["ComparisonOperator"] = "GreaterThanThreshold";
                Finish($"LatencyAlarm{suffix}", $"latency{name}", "99 of a hundred answers take longer than they may.", alarm, "notBreaching");
                guards.Add($"LatencyAlarm{suffix}");
            }

            if (alarms.ErrorRate is { } rate)
            {
                var alarm = new JsonObject
                {
                    ["Metrics"] = new JsonArray(
                        new JsonObject { ["Id"] = "rate", ["Expression"] = "IF(invocations > 0, errors / invocations, 0)", ["Label"] = "error rate", ["ReturnData"] = true },
                        Stat("errors", "Invocation5XXErrors"), Stat("invocations", "Invocations")),
                    ["Threshold"] = rate,
                    ["ComparisonOperator"] = "GreaterThanThreshold",
                };
                Finish($"ErrorRateAlarm{suffix}", $"error-rate{name}", "More requests end in an error of the model than may.", alarm, "notBreaching");
                guards.Add($"ErrorRateAlarm{suffix}");
            }

            if (alarms.MinInvocations is { } fewest)
            {
                var alarm = One(plan, variant, "Invocations", alarms.PeriodSeconds);
                alarm["Statistic"] = "Sum";
                alarm["Threshold"] = fewest;
                alarm["ComparisonOperator"] = "LessThanThreshold";
                Finish($"InvocationsAlarm{suffix}", $"invocations{name}", "Fewer requests come than should.", alarm, "breaching");
            }

            JsonObject Stat(string id, string metric) => new()
            {
                ["Id"] = id,
                ["MetricStat"] = new JsonObject
                {
                    ["Metric"] = new JsonObject { ["Namespace"] = Namespace, ["MetricName"] = metric, ["Dimensions"] = Dimensions(plan, variant) },
                    ["Period"] = alarms.PeriodSeconds,
                    ["Stat"] = "Sum",
                },
                ["ReturnData"] = false,
            };
        }

        return guards;

        void Finish(string id, string name, string meaning, JsonObject alarm, string missing)
        {
            var properties = new JsonObject { ["AlarmName"] = Cfn.Sub($"{DeployStack.StageName(plan)}-{name}"), ["AlarmDescription"] = meaning };
            foreach (var (key, value) in alarm.ToList())
                properties[key] = value?.DeepClone();
            properties["EvaluationPeriods"] = alarms.Periods;
            properties["TreatMissingData"] = missing;
            Notify(template, plan, stage, properties, NotifyEvent.Alarm);
            template.Add(id, "AWS::CloudWatch::Alarm", properties);
        }
    }

    /// <summary>The topic is told where the configuration asks for that event.</summary>
    public static void Notify(StackTemplate template, ModelPlan plan, PlannedStage stage, JsonObject alarm, NotifyEvent what)
    {
        if (plan.Operations.Notifications is { } notify && notify.Events.Contains(what))
            alarm["AlarmActions"] = new JsonArray(Notifications.Of(template, plan, stage));
    }

    private static JsonObject One(ModelPlan plan, string variant, string metric, int period) => new()
    {
        ["Namespace"] = Namespace,
        ["MetricName"] = metric,
        ["Dimensions"] = Dimensions(plan, variant),
        ["Period"] = period,
    };

    private static JsonArray Dimensions(ModelPlan plan, string variant) => new(
        new JsonObject { ["Name"] = "EndpointName", ["Value"] = Cfn.Sub(DeployStack.StageName(plan)) },
        new JsonObject { ["Name"] = "VariantName", ["Value"] = variant });
}
