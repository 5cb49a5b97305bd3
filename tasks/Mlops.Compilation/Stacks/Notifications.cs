using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>The topic that people subscribe to, and the events that reach it.</summary>
internal static class Notifications
{
    public const string Topic = StackContract.TopicOutput;
    public const string Parameter = StackContract.TopicParameter;
    private const string Key = "TopicKey";

    /// <summary>The service that sends an event.</summary>
    public const string SageMaker = "aws.sagemaker";

    /// <summary>States that a stack is left in: it never came up, or a change could be neither made nor undone. Source: "Stack status codes" of CloudFormation's guide.</summary>
    private static readonly string[] Stuck = ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"];

    /// <summary>The topic in the build stack: one of its own, or one that is there.</summary>
    public static void Add(StackTemplate template, ModelPlan plan)
    {
        if (plan.Operations.Notifications is not { } notify)
            return;
        if (notify.Topic is null)
            AddTopic(template, plan, notify, shared: true);
        else
            template.Parameter(Parameter, "The topic that is told of what happens.", notify.Topic);

        var pipeline = Cfn.Sub($"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:pipeline/{plan.PipelineName.ToLowerInvariant()}");
        if (notify.Events.Contains(NotifyEvent.RunFailed))
        {
            AddRule(template, "RunFailedRule", "A run of the pipeline failed.", Arn(notify), SageMaker, "SageMaker Model Building Pipeline Execution Status Change",
                new JsonObject { ["pipelineArn"] = new JsonArray(pipeline.DeepClone()), ["currentPipelineExecutionStatus"] = new JsonArray("Failed") },
                new JsonObject { ["execution"] = "$.detail.pipelineExecutionArn" },
                $"The pipeline {plan.PipelineName} failed: <execution>. The failed step and its log: mlops status --platform aws, or the execution in SageMaker Studio.");
        }

        if (notify.Events.Contains(NotifyEvent.GateFailed) && plan.Gates.Count > 0)
        {
            AddRule(template, "GateFailedRule", "A model did not pass the quality gates.", Arn(notify), SageMaker, "SageMaker Model Building Pipeline Execution Step Status Change",
                new JsonObject { ["pipelineArn"] = new JsonArray(pipeline.DeepClone()), ["stepName"] = new JsonArray("quality-gates-failed"), ["currentStepStatus"] = new JsonArray("Failed") },
                new JsonObject { ["execution"] = "$.detail.pipelineExecutionArn", ["reason"] = "$.detail.failureReason" },
                $"A model of {plan.ModelName} was not registered: <reason> Execution: <execution>.");
        }

        // Where no stage asks, every version waits for an approval that nobody needs.
        string[] asking = [.. plan.Stages.Where(s => s.Approval == Approval.Manual).Select(s => s.Name)];
        if (notify.Events.Contains(NotifyEvent.ApprovalNeeded) && asking is [var first, ..])
        {
            AddRule(template, "ApprovalNeededRule", "A version waits for approval.", Arn(notify), SageMaker, "SageMaker Model Package State Change",
                new JsonObject { ["ModelPackageGroupName"] = new JsonArray(plan.GroupName), ["ModelApprovalStatus"] = new JsonArray("PendingManualApproval") },
                new JsonObject { ["version"] = "$.detail.ModelPackageVersion" },
                $"Version <version> of {plan.ModelName} waits for approval{(asking.Length > 1 ? $" of each of these stages in turn: {string.Join(", ", asking)}" : "")}: dotnet build -t:MlopsApprove -p:MlopsPlatform=aws -p:MlopsStage={first} -p:MlopsModelVersion=<version>, or -t:MlopsReject with -p:MlopsReason as well.");
        }

        if (notify.Events.Contains(NotifyEvent.StackStuck))
            AddStuckRule(template, plan, plan.Stages.Where(s => IsBeside(plan, s)).Select(s => s.Name).Prepend("build").Select(s => $"{plan.ModelName}-{s}"), Arn(notify), null);
    }

    /// <summary>Whether the events of a stage's stack arrive where the build is.</summary>
    public static bool IsBeside(ModelPlan plan, PlannedStage stage) => (stage.Aws.Account is null || stage.Aws.Account == plan.Aws.Account) && (stage.Aws.Region is null || stage.Aws.Region == plan.Aws.Region);

    /// <summary>Tells of stacks that are left in a state that needs a look.</summary>
    /// <param name="stacks">Names, as Fn::Sub has them.</param>
    /// <param name="role">By which a topic of another account is reached; null: it is of this one.</param>
    public static void AddStuckRule(StackTemplate template, ModelPlan plan, IEnumerable<string> stacks, JsonNode topic, JsonNode? role) =>
        AddRule(template, "StackStuckRule", "A stack was left in a state that needs a look.", topic, "aws.cloudformation", "CloudFormation Stack Status Change",
            new JsonObject
            {
                ["stack-id"] = new JsonArray([.. stacks.Select(s => new JsonObject { ["prefix"] = Cfn.Sub($"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{s}/") })]),
                ["status-details"] = new JsonObject { ["status"] = new JsonArray([.. Stuck.Select(s => JsonValue.Create(s))]) },
            },
            new JsonObject { ["stack"] = "$.detail.stack-id", ["status"] = "$.detail.status-details.status", ["reason"] = "$.detail.status-details.status-reason" },
            $"A stack of {plan.ModelName} was left in <status>: <stack>. <reason> Deploy again: the command goes on where it can, and says what to do where it cannot.", role);

    /// <summary>The topic's ARN in the build stack.</summary>
    public static JsonNode Arn(PlannedNotifications notify) => notify.Topic is null ? Cfn.Ref(Topic) : Cfn.Ref(Parameter);

    public static void AddRule(StackTemplate template, string id, string meaning, JsonNode topic, string source, string detailType, JsonObject detail, JsonObject paths, string message, JsonNode? role = null)
    {
        var target = new JsonObject
        {
            ["Id"] = "topic",
            ["Arn"] = topic,
            ["InputTransformer"] = new JsonObject { ["InputPathsMap"] = paths, ["InputTemplate"] = $"\"{message}\"" },
        };
        if (role is not null)
            target["RoleArn"] = role;
        template.Add(id, "AWS::Events::Rule", new JsonObject
        {
            ["Description"] = meaning,
            ["EventPattern"] = new JsonObject { ["source"] = new JsonArray(source), ["detail-type"] = new JsonArray(detailType), ["detail"] = detail },
            ["Targets"] = new JsonArray(target),
        });
    }

    /// <summary>Alarms and rules reach topics of their own region alone: a stage in another one has a topic of its own, which tells the same people.</summary>
    public static bool HasOwnTopic(ModelPlan plan, PlannedStage stage) =>
        plan.Operations.Notifications is { } notify && Tells(notify, stage) && stage.Aws.Region is { } region && (notify.Topic is { } given ? Configuration.Values.Arn.Parse(given)?.Region : plan.Aws.Region) is { } home && region != home;

    /// <summary>Whether anything of a stage is told by its own stack.</summary>
    private static bool Tells(PlannedNotifications notify, PlannedStage stage) =>
        (stage.Endpoint is not null && notify.Events.Any(e => e.IsOfStage())) || (stage.Batch is not null && notify.Events.Contains(NotifyEvent.RunFailed)) || notify.Events.Contains(NotifyEvent.StackStuck);

    /// <summary>The topic that a stage tells: of this template, or a parameter.</summary>
    public static JsonNode Of(StackTemplate template, ModelPlan plan, PlannedStage stage) => template.Resources.ContainsKey(Topic)
        ? Cfn.Ref(Topic)
        : template.Parameter(Parameter, "The topic that is told of what happens.", HasOwnTopic(plan, stage) ? null : plan.Operations.Notifications!.Topic);

    /// <summary>A topic with a key of its own: events and alarms cannot use the key that AWS manages for SNS.</summary>
    /// <param name="shared">Whether stages of other accounts publish to it, too.</param>
    public static void AddTopic(StackTemplate template, ModelPlan plan, PlannedNotifications notify, bool shared)
    {
        var key = template.Add(Key, "AWS::KMS::Key", new JsonObject
        {
            ["Description"] = $"Encrypts the notifications of {plan.ModelName}.",
            ["EnableKeyRotation"] = true,
            ["KeyPolicy"] = Roles.Document([
                new JsonObject
                {
                    ["Sid"] = "Account",
                    ["Effect"] = "Allow",
                    ["Principal"] = new JsonObject { ["AWS"] = Cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") },
                    ["Action"] = "kms:*",
                    ["Resource"] = "*",
                },
                .. Publishers(plan, shared, new JsonArray("kms:Decrypt", "kms:GenerateDataKey*"), JsonValue.Create("*")),
            ]),
        });
        key["DeletionPolicy"] = "Delete";
        key["UpdateReplacePolicy"] = "Delete";
        template.Add(Topic, "AWS::SNS::Topic", new JsonObject { ["DisplayName"] = plan.ModelName, ["KmsMasterKeyId"] = Cfn.Ref(Key) });
        template.Add("TopicPolicy", "AWS::SNS::TopicPolicy", new JsonObject
        {
            ["Topics"] = new JsonArray(Cfn.Ref(Topic)),
            ["PolicyDocument"] = Roles.Document([.. Publishers(plan, shared, JsonValue.Create("sns:Publish"), Cfn.Ref(Topic))]),
        });
        foreach (var (email, i) in notify.Emails.Select((e, i) => (e, i + 1)))
            template.Add($"Subscription{i}", "AWS::SNS::Subscription", new JsonObject { ["TopicArn"] = Cfn.Ref(Topic), ["Protocol"] = "email", ["Endpoint"] = email });
        template.Output(Topic, "The topic that is told of what happens.", Cfn.Ref(Topic));
    }

    /// <summary>
    /// Who publishes: alarms of these accounts; rules of EventBridge, whose requests to a topic carry no source account (Troubleshooting Amazon
    /// EventBridge); and roles of the stages' accounts, by which their rules reach a topic of another account.
    /// </summary>
    private static IEnumerable<JsonObject> Publishers(ModelPlan plan, bool shared, JsonNode action, JsonNode resource)
    {
        yield return Statement("Alarms", new JsonObject { ["Service"] = "cloudwatch.amazonaws.com" }, SourceAccounts(plan, shared));
        yield return Statement("Rules", new JsonObject { ["Service"] = "events.amazonaws.com" }, null);
        if (shared && Sharing.StageAccounts(plan).Count > 0)
            yield return Cfn.If(Sharing.StageCondition, Statement("Stages", new JsonObject { ["AWS"] = Cfn.Ref(Sharing.StageParameter) }, null), Cfn.NoValue);

        JsonObject Statement(string sid, JsonObject principal, JsonObject? condition)
        {
            var statement = new JsonObject { ["Sid"] = sid, ["Effect"] = "Allow", ["Principal"] = principal, ["Action"] = action.DeepClone(), ["Resource"] = resource.DeepClone() };
            if (condition is not null)
                statement["Condition"] = condition;
            return statement;
        }
    }

    /// <summary>This account, and those of the stages, whose alarms publish here.</summary>
    private static JsonObject SourceAccounts(ModelPlan plan, bool shared)
    {
        JsonNode accounts = !shared || Sharing.StageAccounts(plan).Count == 0
            ? Cfn.Ref("AWS::AccountId")
            : Cfn.If(Sharing.StageCondition, new JsonObject { ["Fn::Split"] = new JsonArray(",", new JsonObject { ["Fn::Join"] = new JsonArray(",", new JsonArray(Cfn.Ref("AWS::AccountId"), Sharing.Joined(Sharing.StageParameter))) }) }, Cfn.Ref("AWS::AccountId"));
        return new JsonObject { ["StringEquals"] = new JsonObject { ["aws:SourceAccount"] = accounts } };
    }
}
