using System.Text.Json.Nodes;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// Component 3, prediction service and monitoring: each monitor of a stage is a pipeline (<see cref="MonitorSteps"/>), which a schedule
/// starts; what it finds is a metric with an alarm.
/// </summary>
internal sealed class MonitorStack
{
    public const string Template = StackContract.MonitorTemplate;

    /// <summary>Where publish puts the analyzer's image, in the registry of the account that builds.</summary>
    public const string AnalyzerRepository = "mlops-analyzer";

    /// <summary>Of the metric that the analyzer writes: how many violations a round found.</summary>
    public const string Namespace = "Mlops/Monitor";

    /// <summary>The parameter with the container of the analyzer.</summary>
    public const string Image = "AnalyzerImage";

    /// <summary>The parameter with the bucket that code, settings and data sets are published into.</summary>
    public const string BuildBucket = "BuildBucketName";

    private const string Metric = "Violations";
    private const string Role = "MonitorRole";

    /// <summary>That the role may be handed on to its own jobs.</summary>
    private const string PassRole = "MonitorPassRole";
    private const string Trigger = "MonitorTriggerRole";

    private readonly ModelPlan plan;
    private readonly PlannedStage stage;
    private readonly StackTemplate template;
    private readonly MonitorSteps steps;

    private MonitorStack(ModelPlan plan, PlannedStage stage, SourceKeys sources)
    {
        this.plan = plan;
        this.stage = stage;
        template = new StackTemplate(Description(plan));
        steps = new MonitorSteps(plan, stage, sources, template, Role);
    }

    /// <summary>The template of all monitored stages, and each stage's parameters; null: nothing is monitored.</summary>
    public static (StackTemplate Template, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Values)? Make(ModelPlan plan, SourceKeys sources)
    {
        var stages = plan.Stages.Where(s => plan.Operations.MonitoredStages.Contains(s.Name)).Select(s => (s.Name, new MonitorStack(plan, s, sources).Make())).ToList();
        return stages.Count == 0 || plan.Operations.Monitors.Count == 0 ? null
            : (StageMerge.Merge(Description(plan), stages), stages.ToDictionary(s => s.Name, IReadOnlyDictionary<string, string> (s) => s.Item2.Values, StringComparer.Ordinal));
    }

    private static string Description(ModelPlan plan) => $"{plan.ModelName}: prediction service and monitoring, a stack for each monitored stage.";

    private StackTemplate Make()
    {
        template.Parameter(StageMerge.Parameter, "The stage that this stack is.", stage.Name);
        template.Parameter(Storage.BucketParameter, "The bucket that the stage writes to.", stage.Aws.Bucket);
        if (stage.Aws.KmsKey is { } key)
            template.Parameter(Permissions.KeyParameter, "The key that encrypts what is written.", key);
        AddRoles();
        foreach (var monitor in plan.Operations.Monitors)
            AddMonitor(monitor);
        if (plan.Operations.Dashboard)
            AddDashboard();
        AddForwarding();
        return template;
    }

    private void AddRoles()
    {
        var permissions = new Permissions(plan, stage.Aws, Storage.BucketParameter);
        List<Permission> needed =
        [
            .. permissions.OwnObjects("monitor"),
            .. Published(),
            .. stage.Capture?.To is { } to ? Permissions.Read("deploy.stage.capture", to) : [],
            .. plan.Operations.Monitors.SelectMany(m => new[] { m.Baseline, m.GroundTruth }).OfType<PlannedData>().Distinct()
                .SelectMany(d => d.IsInS3 ? Permissions.Read($"data.{d.Name}", d.Source) : []),
            new("monitor", ["sagemaker:AddTags", "sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"], ["arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:processing-job/pipelines-*"]),
            .. Explanations(),
            new("monitor", ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [$"arn:${{AWS::Partition}}:ecr:*:*:repository/{AnalyzerRepository}"]),
            new("monitor", ["ecr:GetAuthorizationToken"], ["*"]),
            .. permissions.Key("aws.kms_key"),
            .. permissions.Network("aws.network"),
            .. Permissions.Logs("monitor"),
        ];
        Roles.Add(template, Role, "sagemaker.amazonaws.com", "Runs the monitors.", needed, stage.Aws.PermissionsBoundary);
        Roles.AddPassing(template, PassRole, Role);
        Roles.Add(template, Trigger, "scheduler.amazonaws.com", "Starts the rounds of the monitors.",
            [.. plan.Operations.Monitors.Select(m => BatchResources.Start(plan, $"monitor.{m.Name.Replace('-', '_')}", m.Name))], stage.Aws.PermissionsBoundary);
    }

    /// <summary>Settings and data sets are published into the bucket of the build, which may be another account's, encrypted by a key of its own.</summary>
    private IEnumerable<Permission> Published()
    {
        template.Parameter(BuildBucket, "The bucket that the build publishes into.");
        var bucket = $"arn:${{AWS::Partition}}:s3:::${{{BuildBucket}}}";
        string[] below = plan.Operations.Monitors.Any(m => (m.Baseline is { IsInS3: false }) || (m.GroundTruth is { IsInS3: false })) ? ["source", "data"] : ["source"];
        yield return new("monitor", ["s3:GetObject"], [.. below.Select(b => $"{bucket}/{plan.Prefix}/{b}/*")]);
        yield return new("monitor", ["s3:ListBucket"], [bucket]) { Condition = new JsonObject { ["StringLike"] = new JsonObject { ["s3:prefix"] = new JsonArray([.. below.Select(b => JsonValue.Create($"{plan.Prefix}/{b}/*"))]) } } };
        if (plan.Aws.KmsKey is { } key && key != stage.Aws.KmsKey)
        {
            template.Parameter(DeployStack.ModelKeyParameter, "The key that encrypts the registered versions.", key);
            yield return Permissions.ReadKey("monitor", key, $"${{{DeployStack.ModelKeyParameter}}}");
        }
    }

    /// <summary>The model is asked in a transform, not where it serves.</summary>
    private IEnumerable<Permission> Explanations()
    {
        if (plan.Operations.Monitors.All(m => m.Kind != MonitorKind.Explain))
            yield break;
        yield return new("monitor.explain", ["sagemaker:AddTags", "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"],
            ["arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:transform-job/pipelines-*"]);
        template.Parameter(DeployStack.ModelBucketParameter, "The bucket that the registered versions lie in.");
        var bucket = $"arn:${{AWS::Partition}}:s3:::${{{DeployStack.ModelBucketParameter}}}";
        yield return new("monitor.explain", ["s3:GetObject"], [$"{bucket}/{plan.Prefix}/models/*/{ConfiguredStep.Explain}/{AnalysisPlanner.Report}/*"]);
        // A job lists what lies below its input.
        yield return new("monitor.explain", ["s3:ListBucket"], [bucket]) { Condition = Permissions.StringLike("s3:prefix", $"{plan.Prefix}/models/*") };
    }

    private void AddMonitor(PlannedMonitor monitor)
    {
        var id = Retraining.Pascal(monitor.Name);
        BatchResources.AddPipeline(template, $"{id}Pipeline", $"{DeployStack.StageName(plan)}-{monitor.Name}", steps.Of(monitor), Cfn.GetAtt(Role, "Arn"), network: stage.Aws.Network, after: PassRole);
        template.Add($"{id}Schedule", "AWS::Scheduler::Schedule",
            Retraining.Schedule(monitor.Schedule, plan.Operations.TimeZone, BatchResources.PipelineArn($"{DeployStack.StageName(plan)}-{monitor.Name}"), Cfn.GetAtt(Trigger, "Arn")), $"{id}Pipeline");
        var alarm = new JsonObject
        {
            ["AlarmName"] = Cfn.Sub($"{DeployStack.StageName(plan)}-{monitor.Name}"),
            ["AlarmDescription"] = $"The monitor of {monitor.Name.Replace('-', ' ')} found a violation; its report lies under monitor/ in the bucket.",
            ["Namespace"] = Namespace,
            ["MetricName"] = Metric,
            ["Dimensions"] = Dimensions(monitor),
            ["Statistic"] = "Maximum",
            ["Period"] = 300,
            ["EvaluationPeriods"] = 1,
            ["Threshold"] = 0,
            ["ComparisonOperator"] = "GreaterThanThreshold",
            ["TreatMissingData"] = "notBreaching", // Each violation is an alarm of its own.
        };
        AlarmResources.Notify(template, plan, stage, alarm, NotifyEvent.Violation);
        template.Add($"{id}Alarm", "AWS::CloudWatch::Alarm", alarm);
    }

    private JsonArray Dimensions(PlannedMonitor monitor) => new(
        new JsonObject { ["Name"] = "Endpoint", ["Value"] = Cfn.Sub(DeployStack.StageName(plan)) },
        new JsonObject { ["Name"] = "Monitor", ["Value"] = monitor.Name });

    /// <summary>What starts a retraining happens here, and the build may be in another account.</summary>
    private void AddForwarding()
    {
        if (plan.Operations.Retraining is not { OnViolation.Count: > 0 } retraining || stage.Aws.SharesBusWith(plan.Aws))
            return;
        var bus = template.Parameter("HomeEventBusArn", "The event bus of the account and region that the model is built in.");
        Roles.Add(template, "ForwardRole", "events.amazonaws.com", "Tells the place that builds the model of violations.", [new("retrain.on_violation", ["events:PutEvents"], ["${HomeEventBusArn}"])], stage.Aws.PermissionsBoundary);
        template.Add("ForwardRule", "AWS::Events::Rule", new JsonObject
        {
            ["Description"] = "A violation that starts a retraining.",
            ["EventPattern"] = Retraining.Violations(retraining.OnViolation.Select(k => (JsonNode)Cfn.Sub($"{DeployStack.StageName(plan)}-{PlannedOperations.NameOf(k)}"))),
            ["Targets"] = new JsonArray(new JsonObject { ["Id"] = "home", ["Arn"] = bus, ["RoleArn"] = Cfn.GetAtt("ForwardRole", "Arn") }),
        });
    }

    /// <summary>Requests, latency, errors, and what each monitor found ("Dashboard body structure and syntax" of CloudWatch).</summary>
    private void AddDashboard()
    {
        var endpoint = DeployStack.StageName(plan);
        string[] variants = stage.Endpoint is null ? [EndpointShape.OneVariant] : [.. EndpointShape.VariantNames(stage.Endpoint), .. stage.Endpoint is RealtimeEndpoint { Shadow: not null } ? [EndpointShape.ShadowVariant] : Array.Empty<string>()];
        // Asynchronous endpoints count no requests ("Monitoring asynchronous endpoints").
        JsonArray[] requests = stage.Endpoint is AsyncEndpoint
            ? [new("AWS/SageMaker", "ApproximateBacklogSize", "EndpointName", endpoint, new JsonObject { ["stat"] = "Maximum" })]
            : Of(("Invocations", "Sum"));
        JsonObject[] widgets =
        [
            Widget(0, stage.Endpoint is AsyncEndpoint ? "Requests that wait" : "Requests", requests),
            Widget(1, "Latency of the model (microseconds)", Of(("ModelLatency", "p50"), ("ModelLatency", "p99"))),
            Widget(2, "Errors", Of(("Invocation4XXErrors", "Sum"), ("Invocation5XXErrors", "Sum"))),
            Widget(3, "Violations", [.. plan.Operations.Monitors.Select(m => new JsonArray(Namespace, Metric, "Endpoint", endpoint, "Monitor", m.Name, new JsonObject { ["stat"] = "Maximum" }))]),
        ];
        template.Add("Dashboard", "AWS::CloudWatch::Dashboard", new JsonObject
        {
            ["DashboardName"] = Cfn.Sub(endpoint),
            ["DashboardBody"] = Cfn.Sub(Json.Canonical(new JsonObject { ["widgets"] = new JsonArray([.. widgets]) })),
        });

        JsonArray[] Of(params (string Metric, string Stat)[] metrics) =>
            [.. from metric in metrics from variant in variants select new JsonArray("AWS/SageMaker", metric.Metric, "EndpointName", endpoint, "VariantName", variant, new JsonObject { ["stat"] = metric.Stat })];
    }

    private static JsonObject Widget(int index, string title, JsonArray[] metrics) => new()
    {
        ["type"] = "metric",
        ["x"] = index % 2 * 12,
        ["y"] = index / 2 * 6,
        ["width"] = 12,
        ["height"] = 6,
        ["properties"] = new JsonObject { ["title"] = title, ["region"] = "${AWS::Region}", ["period"] = 300, ["metrics"] = new JsonArray([.. metrics]) },
    };
}
