using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>Component 2, model deploy: the model of a stage and what it serves with.</summary>
internal sealed class DeployStack
{
    public const string Template = StackContract.DeployTemplate;

    /// <summary>The parameters with the place of the registered versions, which may be another account's.</summary>
    public const string ModelBucketParameter = StackContract.ModelBucketParameter;
    public const string ModelKeyParameter = "ModelKmsKeyArn";

    private const string Role = "ExecutionRole";

    private readonly ModelPlan plan;
    private readonly PlannedStage stage;
    private readonly StackTemplate template;
    private readonly Permissions permissions;

    private DeployStack(ModelPlan plan, PlannedStage stage)
    {
        this.plan = plan;
        this.stage = stage;
        template = new StackTemplate(Description(plan));
        permissions = new Permissions(plan, stage.Aws, Storage.BucketParameter);
    }

    /// <summary>The template of all stages, and each stage's parameters.</summary>
    public static (StackTemplate Template, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Values) Make(ModelPlan plan)
    {
        var stages = plan.Stages.Select(s => (s.Name, new DeployStack(plan, s).Make())).ToList();
        return (StageMerge.Merge(Description(plan), stages), stages.ToDictionary(s => s.Name, IReadOnlyDictionary<string, string> (s) => s.Item2.Values, StringComparer.Ordinal));
    }

    /// <summary>The name of the endpoint, and the beginning of that of all that belongs to the stage.</summary>
    public static string StageName(ModelPlan plan) => $"{plan.ModelName}-${{{StageMerge.Parameter}}}";

    private static string Description(ModelPlan plan) => $"{plan.ModelName}: model deploy, a stack for each stage.";

    private StackTemplate Make()
    {
        template.Parameter(StageMerge.Parameter, "The stage that this stack is.", stage.Name);
        template.Parameter(Storage.BucketParameter, "The bucket that the stage writes to.", stage.Aws.Bucket);
        if (stage.Aws.KmsKey is { } key)
            template.Parameter(Permissions.KeyParameter, "The key that encrypts what is written.", key);
        AddRole();
        AddModel("Model", StackContract.PackageParameter, "The version that is served: the ARN of its model package.");
        if (Notifications.HasOwnTopic(plan, stage))
            Notifications.AddTopic(template, plan, plan.Operations.Notifications!, shared: false);
        if (stage.Endpoint is { } endpoint)
            new EndpointResources(plan, stage, template, AddModel).Add(endpoint);
        if (stage.Batch is { } batch)
            BatchResources.Add(template, plan, stage, batch, RoleArn);
        if (stage.Stream is { } stream)
            StreamResources.Add(template, plan, stage, stream);
        AddEvents();
        return template;
    }

    /// <summary>What models are made of, below the prefix: archives of runs and of versions, copies in other regions, archives that the user brought, and the code that containers fetch.</summary>
    internal static readonly string[] Served = ["archive/*", "copies/*", "data/model-artifact/*", "models/*", "source/*"];

    private JsonNode RoleArn => stage.Aws.ExecutionRole is null ? Cfn.GetAtt(Role, "Arn") : Cfn.Ref(StackContract.RoleParameter);

    private void AddRole()
    {
        if (stage.Aws.ExecutionRole is { } given)
        {
            template.Parameter(StackContract.RoleParameter, "The role of the model and its batches, which is there.", given);
            return;
        }

        template.Parameter(ModelBucketParameter, "The bucket that the registered versions lie in.");
        List<Permission> needed =
        [
            new("model", ["s3:GetObject"], [.. Served.Select(below => $"arn:${{AWS::Partition}}:s3:::${{{ModelBucketParameter}}}/{plan.Prefix}/{below}")]),
            .. plan.Model is BroughtModel { IsS3: true } brought ? Permissions.Read("model.artifact", brought.Source) : [],
            .. permissions.Images(plan.Inference.Containers.Select(c => ("inference", plan.Inference.ImageOf(c.Container))), Permissions.Anywhere),
            .. ModelKey(),
            .. Capture(),
            .. Endpoint(),
            .. stage.Batch is { } batch ? Batch(batch) : [],
            // A transform reads and writes as the model does, whoever starts it.
            .. plan.Operations.MonitoredStages.Contains(stage.Name) && plan.Operations.Monitors.Any(m => m.Kind == MonitorKind.Explain) ? permissions.OwnObjects("monitor.explain", "monitor/") : [],
            .. permissions.Key("aws.kms_key"),
            .. permissions.Network("aws.network"),
            .. Permissions.Logs($"deploy.{stage.Name}"),
        ];
        Roles.Add(template, Role, Roles.ServiceTrust("sagemaker.amazonaws.com"), "Runs the model and its batches.", [.. needed.Select(p => p with { Element = p.Element.Replace($"deploy.{stage.Name}", "deploy.stage", StringComparison.Ordinal) })], stage.Aws.PermissionsBoundary, null);
        template.Output(Role, "The role of the model and its batches.", Cfn.GetAtt(Role, "Arn"));
    }

    /// <summary>A stage with a key of its own reads versions that the key of the build encrypts.</summary>
    private IEnumerable<Permission> ModelKey()
    {
        if (plan.Aws.KmsKey is { } key && key != stage.Aws.KmsKey)
        {
            template.Parameter(ModelKeyParameter, "The key that encrypts the registered versions.", key);
            yield return Permissions.ReadKey("model", key, $"${{{ModelKeyParameter}}}");
        }
    }

    private IEnumerable<Permission> Capture() => stage.Capture switch
    {
        null => [],
        { To: { } to } => [Permissions.Write($"deploy.{stage.Name}.capture", to)],
        _ => permissions.OwnObjects($"deploy.{stage.Name}.capture", "capture/"),
    };

    private IEnumerable<Permission> Endpoint() => stage.Endpoint switch
    {
        AsyncEndpoint queued => [
            .. permissions.OwnObjects($"deploy.{stage.Name}.async", "async/"),
            .. new[] { queued.Output, queued.Failures }.OfType<string>().Select(place => Permissions.Write($"deploy.{stage.Name}.async", place))],
        _ => [],
    };

    private IEnumerable<Permission> Batch(PlannedBatch batch) =>
    [
        .. Permissions.Read($"deploy.{stage.Name}.batch", batch.Input),
        Permissions.Write($"deploy.{stage.Name}.batch", batch.Output),
        new($"deploy.{stage.Name}.batch", ["sagemaker:AddTags", "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"],
            ["arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:transform-job/pipelines-*"]),
    ];

    /// <summary>A model of a registered version. Its name is CloudFormation's, so that another version replaces it.</summary>
    private void AddModel(string id, string parameter, string meaning)
    {
        var container = new JsonObject { ["ModelPackageName"] = template.Parameter(parameter, meaning) };
        if (stage.Environment.Count > 0)
            container["Environment"] = new JsonObject(stage.Environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, (JsonNode?)JsonValue.Create(e.Value))));
        var model = new JsonObject { ["ExecutionRoleArn"] = RoleArn, ["PrimaryContainer"] = container };
        if (stage.Aws.Network is { } network)
        {
            model["EnableNetworkIsolation"] = network.Isolated;
            model["VpcConfig"] = new JsonObject
            {
                ["Subnets"] = template.List("Subnets", "The subnets of the stage's VPC.", network.Subnets),
                ["SecurityGroupIds"] = template.List("SecurityGroups", "The security groups of the stage.", network.SecurityGroups),
            };
        }

        template.Add(id, "AWS::SageMaker::Model", model);
        if (id == "Model")
            template.Output(id, "The model that serves.", Cfn.GetAtt(id, "ModelName"));
    }

    /// <summary>What the endpoint goes through reaches the topic; one in another account is published to by a role.</summary>
    private void AddEvents()
    {
        if (plan.Operations.Notifications is not { } notify)
            return;
        var topicAccount = notify.Topic is { } given ? Arn.Parse(given)?.Account : plan.Aws.Account;
        var elsewhere = !Notifications.HasOwnTopic(plan, stage) && (stage.Aws.Account ?? plan.Aws.Account) is { } account && topicAccount is not null && account != topicAccount;
        (NotifyEvent Event, string Id, string Meaning, string[] States, string Message)[] rules =
        [
            (NotifyEvent.Deployed, "DeployedRule", "The endpoint serves a version.", ["IN_SERVICE"], $"{plan.ModelName}: the endpoint <endpoint> is in service."),
            (NotifyEvent.RolledBack, "RolledBackRule", "The endpoint went back to the version before.", ["ROLLING_BACK", "UPDATE_ROLLBACK_FAILED"], $"{plan.ModelName}: the endpoint <endpoint> rolls back (<status>). Its alarms and logs say why; the version before goes on serving."),
        ];
        foreach (var rule in rules.Where(r => stage.Endpoint is not null && notify.Events.Contains(r.Event)))
        {
            Notifications.AddRule(template, rule.Id, rule.Meaning, Notifications.Of(template, plan, stage), Notifications.SageMaker, "SageMaker Endpoint State Change",
                new JsonObject { ["EndpointName"] = new JsonArray(Cfn.Sub(StageName(plan))), ["EndpointStatus"] = new JsonArray([.. rule.States.Select(s => JsonValue.Create(s))]) },
                new JsonObject { ["endpoint"] = "$.detail.EndpointName", ["status"] = "$.detail.EndpointStatus" }, rule.Message, Publisher());
        }

        var reaches = Notifications.HasOwnTopic(plan, stage) || stage.Aws.Region is null || stage.Aws.Region == plan.Aws.Region;
        if (stage.Batch is not null && notify.Events.Contains(NotifyEvent.RunFailed) && reaches)
        {
            Notifications.AddRule(template, "BatchFailedRule", "A batch of predictions failed.", Notifications.Of(template, plan, stage), Notifications.SageMaker, "SageMaker Model Building Pipeline Execution Status Change",
                new JsonObject { ["pipelineArn"] = new JsonArray(BatchResources.PipelineArn($"{StageName(plan)}-batch")), ["currentPipelineExecutionStatus"] = new JsonArray("Failed") },
                new JsonObject { ["execution"] = "$.detail.pipelineExecutionArn" }, $"{plan.ModelName}: a batch of predictions failed: <execution>. Why: the execution in SageMaker Studio.", Publisher());
        }

        // The rule of the build's stack hears of the stacks beside it alone. (Of a first try that failed nobody hears elsewhere: this rule goes with it, and the deploy itself says so.)
        if (notify.Events.Contains(NotifyEvent.StackStuck) && !Notifications.IsBeside(plan, stage) && reaches)
            Notifications.AddStuckRule(template, plan, [StageName(plan)], Notifications.Of(template, plan, stage), Publisher());

        JsonNode? Publisher()
        {
            if (!elsewhere)
                return null;
            if (!template.Resources.ContainsKey("TopicRole"))
            {
                Roles.Add(template, "TopicRole", "events.amazonaws.com", "Publishes to the topic of another account.", [new("notify", ["sns:Publish"], [$"${{{Notifications.Parameter}}}"]), new("notify", ["kms:Decrypt", "kms:GenerateDataKey"], ["arn:${AWS::Partition}:kms:*:*:key/*"]) { Condition = Permissions.StringLike("kms:ViaService", "sns.*") }], stage.Aws.PermissionsBoundary);
            }

            return Cfn.GetAtt("TopicRole", "Arn");
        }
    }
}
