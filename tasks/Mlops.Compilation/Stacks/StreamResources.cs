using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>Records of a Kinesis stream through the stage's endpoint: a function that Lambda calls with batches of them.</summary>
internal static class StreamResources
{
    private const string Element = "deploy.stage.stream";
    private const string Queue = "StreamFailures";
    private const string Source = StackContract.StreamSourceParameter;
    private const string Destination = "StreamDestination";
    private const string Told = "StreamFailuresArn";

    /// <summary>Several times the longest answer of an endpoint, which is 60 s (InvokeEndpoint).</summary>
    private const int TimeoutSeconds = 300;

    /// <summary>Answers of several requests at once, of at most a record's 1 MiB, and boto3.</summary>
    private const int MemoryMiB = 256;

    /// <summary>Of 24 hours that a stream keeps its records unless it is told otherwise, so many may pass before people are told.</summary>
    private const int LateHours = 1;

    public static void Add(StackTemplate template, ModelPlan plan, PlannedStage stage, PlannedStream stream)
    {
        template.Parameter(Source, "The stream that is read.", stream.Source);
        template.Parameter(Destination, "The stream that takes the predictions.", stream.Destination);
        if (stream.OnFailure is { } given)
            template.Parameter(Told, "Who is told of records that the model refuses.", given);
        else
            AddQueue(template, plan, stage);
        var function = new FunctionResources("Stream", $"{DeployStack.StageName(plan)}-stream", "Stream.py", $"Sends records of a stream through an endpoint of {plan.ModelName}.", "Sends the records of the stream through the endpoint.")
        {
            TimeoutSeconds = TimeoutSeconds,
            MemoryMiB = MemoryMiB,
        };
        var environment = new JsonObject
        {
            ["ENDPOINT"] = Cfn.GetAtt("Endpoint", "EndpointName"),
            ["CONTENT_TYPE"] = plan.Inference.ContentTypes[0],
            ["ACCEPT"] = plan.Inference.ResponseTypes[0],
            ["DESTINATION"] = Cfn.Ref(Destination),
            ["FAILURES"] = Failures(stream),
        };
        function.Add(template, Element, Needed(plan, stream), environment, stage.Aws);
        AddMapping(template, stream, function.Function);
        AddLateAlarm(template, plan, stage, function.Function);
    }

    private static JsonObject Name(ModelPlan plan, string suffix = "") => Cfn.Sub($"{DeployStack.StageName(plan)}-stream{suffix}");

    private static JsonNode Failures(PlannedStream stream) => stream.OnFailure is null ? Cfn.GetAtt(Queue, "Arn") : Cfn.Ref(Told);

    /// <summary>What Lambda reads with ("Creating an event source mapping to process records from Kinesis"), and what the function does.</summary>
    private static IEnumerable<Permission> Needed(ModelPlan plan, PlannedStream stream)
    {
        yield return new(Element, ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:SubscribeToShard"], [$"${{{Source}}}"]);
        yield return new(Element, ["kinesis:PutRecords"], [$"${{{Destination}}}"]);
        yield return new(Element, ["sagemaker:InvokeEndpoint"], [$"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:endpoint/{DeployStack.StageName(plan)}"]);
        var told = stream.OnFailure is null ? $"${{{Queue}.Arn}}" : $"${{{Told}}}";
        var service = stream.OnFailure is { } given && Arn.Parse(given)?.Service == "sns" ? "sns" : "sqs";
        yield return new(Element, service == "sns" ? ["sns:Publish"] : ["sqs:GetQueueUrl", "sqs:SendMessage"], [told]);
        // Streams, queues and topics may be encrypted by keys that the configuration does not name: they are used through these services alone.
        yield return new(Element, ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:${AWS::Partition}:kms:*:*:key/*"])
        {
            Condition = Permissions.StringLike("kms:ViaService", "kinesis.*", $"{service}.*"),
        };
    }

    /// <summary>Records that could not be predicted stay until someone looks; people are told of the first. Without a name: SQS takes none again within a minute of a queue that went.</summary>
    private static void AddQueue(StackTemplate template, ModelPlan plan, PlannedStage stage)
    {
        var queue = template.Add(Queue, "AWS::SQS::Queue", new JsonObject { ["SqsManagedSseEnabled"] = true, ["MessageRetentionPeriod"] = 1_209_600 });
        queue["DeletionPolicy"] = "Delete";
        queue["UpdateReplacePolicy"] = "Retain"; // With the records that lie in it.
        template.Output(Queue, "The queue of records that the model refused.", Cfn.Ref(Queue));
        AddAlarm(template, plan, stage, "StreamFailuresAlarm", "-failed", "Records of the stream could not be predicted: they lie in the queue of failures, each with its reason.",
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", Cfn.GetAtt(Queue, "QueueName"), 0, 1);
    }

    private static void AddLateAlarm(StackTemplate template, ModelPlan plan, PlannedStage stage, string function) =>
        AddAlarm(template, plan, stage, "StreamLateAlarm", "-late", "Records of the stream wait for more than an hour: the endpoint does not answer, or not as many as come.",
            "AWS/Lambda", "IteratorAge", "FunctionName", Cfn.Ref(function), LateHours * 3_600_000, 3);

    private static void AddAlarm(StackTemplate template, ModelPlan plan, PlannedStage stage, string id, string suffix, string meaning, string space, string metric, string dimension, JsonNode value, int threshold, int periods)
    {
        var alarm = new JsonObject
        {
            ["AlarmName"] = Name(plan, suffix),
            ["AlarmDescription"] = meaning,
            ["Namespace"] = space,
            ["MetricName"] = metric,
            ["Dimensions"] = new JsonArray(new JsonObject { ["Name"] = dimension, ["Value"] = value }),
            ["Statistic"] = "Maximum",
            ["Period"] = 300,
            ["EvaluationPeriods"] = periods,
            ["Threshold"] = threshold,
            ["ComparisonOperator"] = "GreaterThanThreshold",
            ["TreatMissingData"] = "notBreaching",
        };
        AlarmResources.Notify(template, plan, stage, alarm, NotifyEvent.Alarm);
        template.Add(id, "AWS::CloudWatch::Alarm", alarm);
    }

    /// <summary>Tries go on until a record expires: the function tells of those that are wrong by themselves, and what is left is the endpoint's matter.</summary>
    private static void AddMapping(StackTemplate template, PlannedStream stream, string function) => template.Add("StreamMapping", "AWS::Lambda::EventSourceMapping", new JsonObject
    {
        ["EventSourceArn"] = Cfn.Ref(Source),
        ["FunctionName"] = Cfn.Ref(function),
        ["StartingPosition"] = template.Parameter(StackContract.StreamStartParameter, "Where the first reading begins: a deploy keeps it while the stream is the same.", stream.FromOldest ? "TRIM_HORIZON" : "LATEST"),
        ["BatchSize"] = stream.BatchSize,
        ["MaximumBatchingWindowInSeconds"] = stream.BatchWindowSeconds,
        ["BisectBatchOnFunctionError"] = true,
        ["FunctionResponseTypes"] = new JsonArray("ReportBatchItemFailures"),
        ["DestinationConfig"] = new JsonObject { ["OnFailure"] = new JsonObject { ["Destination"] = Failures(stream) } },
    });
}
