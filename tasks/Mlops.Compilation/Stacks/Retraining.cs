using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>Continuous training: a schedule, new data and violations start the pipeline by way of a function that keeps the cooldown.</summary>
internal static class Retraining
{
    private const string Table = "RetrainTable";
    private const string Queue = "RetrainQueue";
    private const string DeadLetters = "RetrainDeadLetters";
    private const int TimeoutSeconds = 30;

    public static void Add(StackTemplate template, ModelPlan plan)
    {
        if (plan.Operations.Retraining is not { } retraining)
            return;
        var boundary = plan.Aws.PermissionsBoundary;
        AddQueue(template);
        AddAlarm(template, plan);
        AddFunction(template, plan, retraining);
        if (retraining.Schedule is { } schedule)
        {
            Roles.Add(template, "RetrainScheduleRole", "scheduler.amazonaws.com", "Lets the schedule ask for a retraining.",
                [new("retrain.schedule", ["sqs:SendMessage"], [$"${{{Queue}.Arn}}"])], boundary);
            template.Add("RetrainSchedule", "AWS::Scheduler::Schedule", Schedule(schedule, plan.Operations.TimeZone, Cfn.GetAtt(Queue, "Arn"), Cfn.GetAtt("RetrainScheduleRole", "Arn")));
        }

        var rules = new List<string>();
        foreach (var data in retraining.OnNewData.Where(d => d.IsInS3))
            AddRule($"NewData{Pascal(data.Name)}Rule", $"New data in {data.Name}.", NewObjects(data.Source));
        if (retraining.OnViolation.Count > 0)
        {
            var alarms = from stage in plan.Operations.MonitoredStages from kind in retraining.OnViolation select $"{plan.ModelName}-{stage}-{PlannedOperations.NameOf(kind)}";
            AddRule("ViolationRule", "A monitor found a violation.", Violations(alarms.Select(a => (JsonNode)JsonValue.Create(a))));
            var elsewhere = plan.Stages.Any(s => plan.Operations.MonitoredStages.Contains(s.Name) && s.Aws.Account is { } account && plan.Aws.Account is { } home && account != home);
            if (elsewhere)
            {
                // The stages' accounts forward their alarms to this account's bus.
                template.Add("ForwardedEvents", "AWS::Events::EventBusPolicy", new JsonObject
                {
                    ["StatementId"] = $"{plan.ModelName}-stages",
                    ["Statement"] = new JsonObject
                    {
                        ["Effect"] = "Allow",
                        ["Principal"] = new JsonObject { ["AWS"] = Cfn.Ref(Sharing.StageParameter) },
                        ["Action"] = "events:PutEvents",
                        ["Resource"] = Cfn.Sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"),
                    },
                }).Insert(1, "Condition", Sharing.StageCondition);
            }
        }

        if (rules.Count > 0)
            AddQueuePolicy(template, rules);

        void AddRule(string stem, string meaning, JsonObject pattern)
        {
            // 'raw-1' and 'raw1' read alike here.
            var id = stem;
            for (var i = 2; rules.Contains(id); i++)
                id = $"{stem}{i}";
            rules.Add(id);
            template.Add(id, "AWS::Events::Rule", new JsonObject
            {
                ["Description"] = meaning,
                ["EventPattern"] = pattern,
                ["Targets"] = new JsonArray(new JsonObject { ["Id"] = "retrain", ["Arn"] = Cfn.GetAtt(Queue, "Arn") }),
            });
        }
    }

    /// <summary>EventBridge's pattern for objects that come below a place ("Amazon S3 events" of its reference).</summary>
    public static JsonObject NewObjects(string uri)
    {
        var place = new S3Uri(uri);
        var detail = new JsonObject { ["bucket"] = new JsonObject { ["name"] = new JsonArray(place.Bucket) } };
        if (place.Key.Length > 0)
            detail["object"] = new JsonObject { ["key"] = new JsonArray(new JsonObject { ["prefix"] = place.Key }) };
        return new JsonObject { ["source"] = new JsonArray("aws.s3"), ["detail-type"] = new JsonArray("Object Created"), ["detail"] = detail };
    }

    /// <summary>EventBridge's pattern for alarms that go off ("Alarm events and EventBridge" of CloudWatch's user guide).</summary>
    public static JsonObject Violations(IEnumerable<JsonNode> alarms) => new()
    {
        ["source"] = new JsonArray("aws.cloudwatch"),
        ["detail-type"] = new JsonArray("CloudWatch Alarm State Change"),
        ["detail"] = new JsonObject { ["alarmName"] = new JsonArray([.. alarms]), ["state"] = new JsonObject { ["value"] = new JsonArray("ALARM") } },
    };

    public static JsonObject Schedule(string expression, string timeZone, JsonNode target, JsonNode role) => new()
    {
        ["ScheduleExpression"] = expression,
        ["ScheduleExpressionTimezone"] = timeZone,
        ["FlexibleTimeWindow"] = new JsonObject { ["Mode"] = "OFF" },
        ["Target"] = new JsonObject { ["Arn"] = target, ["RoleArn"] = role, ["RetryPolicy"] = new JsonObject { ["MaximumRetryAttempts"] = 3 } },
    };

    /// <summary>The name in the form of a logical id, which takes letters and digits alone.</summary>
    public static string Pascal(string name) => string.Concat(name.Split('-', '_', '.').Where(p => p.Length > 0).Select(p => char.ToUpperInvariant(p[0]) + p[1..]));

    private static void AddFunction(StackTemplate template, ModelPlan plan, PlannedRetraining retraining)
    {
        template.Add(Table, "AWS::DynamoDB::Table", new JsonObject
        {
            ["BillingMode"] = "PAY_PER_REQUEST",
            ["AttributeDefinitions"] = new JsonArray(new JsonObject { ["AttributeName"] = "Pipeline", ["AttributeType"] = "S" }),
            ["KeySchema"] = new JsonArray(new JsonObject { ["AttributeName"] = "Pipeline", ["KeyType"] = "HASH" }),
            ["SSESpecification"] = new JsonObject { ["SSEEnabled"] = true },
            ["PointInTimeRecoverySpecification"] = new JsonObject { ["PointInTimeRecoveryEnabled"] = true },
        })["DeletionPolicy"] = "Delete";
        template.Resources[Table]!["UpdateReplacePolicy"] = "Delete";
        var environment = new JsonObject
        {
            ["TABLE"] = Cfn.Ref(Table),
            ["PIPELINE"] = plan.PipelineName,
            ["COOLDOWN"] = retraining.CooldownSeconds.ToString(CultureInfo.InvariantCulture),
            ["PARAMETERS"] = Json.Canonical(new JsonArray([.. retraining.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new JsonObject { ["Name"] = p.Key, ["Value"] = p.Value })])),
        };
        // Data in S3 may have changed, and the cache would not know.
        if (plan.ReadsDataInS3)
            environment["DATA_VERSION"] = ReservedNames.S3DataVersion;
        if (plan.MaxParallelSteps is { } most)
            environment["PARALLEL_STEPS"] = most.ToString(CultureInfo.InvariantCulture);
        var function = new FunctionResources("Retrain", $"{plan.ModelName}-retrain", "Retrain.py", $"Runs the pipeline of {plan.ModelName} again, at most once in the cooldown.", "Starts the pipeline, and records when.") { TimeoutSeconds = TimeoutSeconds };
        function.Add(template, "retrain",
        [
            new("retrain.cooldown", ["dynamodb:UpdateItem"], [$"${{{Table}.Arn}}"]),
            new("retrain", ["sagemaker:StartPipelineExecution"], [$"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:pipeline/{plan.PipelineName.ToLowerInvariant()}"]),
            new("retrain", ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], [$"${{{Queue}.Arn}}"]),
        ], environment, plan.Aws);
        template.Add("RetrainSource", "AWS::Lambda::EventSourceMapping", new JsonObject { ["EventSourceArn"] = Cfn.GetAtt(Queue, "Arn"), ["FunctionName"] = Cfn.Ref(function.Function), ["BatchSize"] = 1 });
    }

    private static void AddQueuePolicy(StackTemplate template, IEnumerable<string> rules) => template.Add("RetrainQueuePolicy", "AWS::SQS::QueuePolicy", new JsonObject
    {
        ["Queues"] = new JsonArray(Cfn.Ref(Queue)),
        ["PolicyDocument"] = Roles.Document([new JsonObject
        {
            ["Sid"] = "Rules",
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["Service"] = "events.amazonaws.com" },
            ["Action"] = "sqs:SendMessage",
            ["Resource"] = Cfn.GetAtt(Queue, "Arn"),
            ["Condition"] = new JsonObject { ["ArnEquals"] = new JsonObject { ["aws:SourceArn"] = new JsonArray([.. rules.Select(r => Cfn.GetAtt(r, "Arn"))]) } },
        }]),
    });

    /// <summary>Reasons wait in a queue, so that none is lost while the function or the service fails; what fails for good is kept beside it.</summary>
    private static void AddQueue(StackTemplate template)
    {
        foreach (var (id, properties) in new[]
        {
            (DeadLetters, new JsonObject { ["SqsManagedSseEnabled"] = true, ["MessageRetentionPeriod"] = 1_209_600 }),
            (Queue, new JsonObject
            {
                ["SqsManagedSseEnabled"] = true,
                ["VisibilityTimeout"] = 6 * TimeoutSeconds, // As Lambda asks of a queue that it reads.
                ["RedrivePolicy"] = new JsonObject { ["deadLetterTargetArn"] = Cfn.GetAtt(DeadLetters, "Arn"), ["maxReceiveCount"] = 5 },
            }),
        })
        {
            var queue = template.Add(id, "AWS::SQS::Queue", properties);
            queue["DeletionPolicy"] = "Delete";
            queue["UpdateReplacePolicy"] = "Delete";
        }
    }

    /// <summary>A retraining that was asked for and never began is a run that failed: nothing else would say so.</summary>
    private static void AddAlarm(StackTemplate template, ModelPlan plan)
    {
        if (plan.Operations.Notifications is not { } notify || !notify.Events.Contains(NotifyEvent.RunFailed))
            return;
        template.Add("RetrainDeadLettersAlarm", "AWS::CloudWatch::Alarm", new JsonObject
        {
            ["AlarmName"] = $"{plan.ModelName}-retraining-lost",
            ["AlarmDescription"] = "A retraining was asked for and could not be started: its reason lies in the queue of dead letters.",
            ["Namespace"] = "AWS/SQS",
            ["MetricName"] = "ApproximateNumberOfMessagesVisible",
            ["Dimensions"] = new JsonArray(new JsonObject { ["Name"] = "QueueName", ["Value"] = Cfn.GetAtt(DeadLetters, "QueueName") }),
            ["Statistic"] = "Maximum",
            ["Period"] = 300,
            ["EvaluationPeriods"] = 1,
            ["Threshold"] = 0,
            ["ComparisonOperator"] = "GreaterThanThreshold",
            ["TreatMissingData"] = "notBreaching",
            ["AlarmActions"] = new JsonArray(Notifications.Arn(notify)),
        });
    }
}
