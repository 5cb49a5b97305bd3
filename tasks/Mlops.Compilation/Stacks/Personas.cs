using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Model;

namespace Mlops.Compilation.Stacks;

/// <summary>A role for each persona of 'access', with what its work on this one model takes.</summary>
internal static class Personas
{
    private const string SageMaker = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}";

    public static void Add(StackTemplate template, ModelPlan plan, string executionRole)
    {
        foreach (var (persona, principals) in plan.Operations.Access)
        {
            var id = Retraining.Pascal(persona);
            var trust = new JsonObject
            {
                ["Effect"] = "Allow",
                ["Principal"] = new JsonObject { ["AWS"] = template.List($"{id}Principals", $"Who may take on the role of the {persona.Replace('_', ' ')}.", principals) },
                ["Action"] = new JsonArray("sts:AssumeRole", "sts:TagSession"),
            };
            Roles.Add(template, $"{id}Role", trust, Meaning(persona), [.. Of(persona, plan, executionRole).Select(p => p with { Element = $"access.{persona}" })],
                plan.Aws.PermissionsBoundary, Cfn.Sub($"{plan.ModelName}-{persona.Replace('_', '-')}-${{AWS::Region}}"));
            template.Output($"{id}Role", Meaning(persona), Cfn.GetAtt($"{id}Role", "Arn"));
        }
    }

    /// <summary>What publish, run, register and deploy write, below the prefix; not what the audit log holds.</summary>
    private static readonly string[] Published = ["archive/*", "async/input/*", "copies/*", "data/*", "models/*", "pipelines/*", "provenance/*", "runs/*", "source/*", "templates/*"];

    private static readonly string[] TakenBack = ["data/*", "models/brought*"];

    private static string Meaning(string persona) => persona switch
    {
        "data_scientist" => "Reads data and runs, starts runs, tries models.",
        "ml_engineer" => "Changes pipelines and stages.",
        "approver" => "Approves and rejects versions.",
        _ => "Reads everything, changes nothing.",
    };

    private static IEnumerable<Permission> Of(string persona, ModelPlan plan, string executionRole)
    {
        var shared = new Permissions(plan, plan.Aws, Storage.Name(plan));
        return persona switch
        {
            "data_scientist" => [.. Look(plan), .. shared.OwnObjects("", write: false), .. shared.Key("").Where(k => k.Actions.Contains("kms:Decrypt")), .. Data(plan), .. Verbs(shared), .. Run(plan), .. Try(plan, shared)],
            "ml_engineer" => [.. Look(plan), .. shared.OwnObjects("", write: false), .. Published.Select(below => shared.OwnObject("", below, ["s3:PutObject", "s3:AbortMultipartUpload"])),
                // Data that changed while it was sent must not stay under its hash.
                .. TakenBack.Select(below => shared.OwnObject("", below, ["s3:DeleteObject"])), .. shared.Key(""), .. Verbs(shared), .. Data(plan), .. Run(plan), .. Try(plan, shared), .. Change(plan, executionRole),
                .. plan.MakesContainer ? ProgramRepository.Push("") : []],
            "approver" => [.. Look(plan), .. Reports(shared), .. Verbs(shared), .. shared.Key("").Where(k => k.Actions.Contains("kms:Decrypt")), Decide(plan)],
            _ => [.. Look(plan), .. shared.OwnObjects("", write: false), .. shared.Key("").Where(k => k.Actions.Contains("kms:Decrypt")).Select(k => k with { Actions = ["kms:Decrypt"] })],
        };
    }

    /// <summary>What every verb that changes something does: it holds the lock, and is kept in the audit log.</summary>
    private static IEnumerable<Permission> Verbs(Permissions shared)
    {
        // Who may not list is told of a lock that is gone that it is forbidden.
        yield return shared.List("", "lock.json");
        yield return shared.OwnObject("", "lock.json", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]);
        // Entries are added; what is there stays as it is.
        yield return shared.OwnObject("", "audit/*", ["s3:PutObject"]) with { Condition = new JsonObject { ["Null"] = new JsonObject { ["s3:if-none-match"] = "false" } } };
    }

    /// <summary>What a decision is made by: what runs measured, and what a version is made of.</summary>
    private static IEnumerable<Permission> Reports(Permissions shared) =>
        [shared.OwnObject("", "provenance/*", ["s3:GetObject"]), shared.OwnObject("", "runs/*", ["s3:GetObject"]), shared.List("", "provenance/*"), shared.List("", "runs/*")];

    /// <summary>Approvals, and that a version passed a stage's tests.</summary>
    private static Permission Decide(ModelPlan plan) => new("", ["sagemaker:UpdateModelPackage"], [$"{SageMaker}:model-package/{plan.GroupName}/*"]);

    private static string Stacks(ModelPlan plan) => $"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{plan.ModelName}-*/*";

    /// <summary>Those of the stages, and their executions.</summary>
    private static string[] BatchPipelines(ModelPlan plan) =>
        plan.Stages.Any(s => s.Batch is not null) ? [$"{SageMaker}:pipeline/{plan.ModelName}-*-batch", $"{SageMaker}:pipeline/{plan.ModelName}-*-batch/*"] : [];

    private static IEnumerable<Permission> Look(ModelPlan plan)
    {
        var pipeline = $"{SageMaker}:pipeline/{plan.PipelineName.ToLowerInvariant()}";
        yield return new("", ["sagemaker:DescribePipeline", "sagemaker:DescribePipelineDefinitionForExecution", "sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps", "sagemaker:ListPipelineExecutions", "sagemaker:ListPipelineParametersForExecution"],
            [pipeline, $"{pipeline}/*", .. BatchPipelines(plan)]);
        yield return new("", ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
            [$"{SageMaker}:model-package-group/{plan.GroupName}", $"{SageMaker}:model-package/{plan.GroupName}/*"]);
        yield return new("", ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"], [$"{SageMaker}:endpoint/{plan.ModelName}-*", $"{SageMaker}:endpoint-config/*"]);
        yield return new("", ["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob", "sagemaker:DescribeTransformJob"],
            [$"{SageMaker}:processing-job/pipelines-*", $"{SageMaker}:training-job/pipelines-*", $"{SageMaker}:transform-job/pipelines-*"]);
        yield return new("", ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"], ["arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*"]);
        yield return new("", ["cloudformation:DescribeStacks"], [Stacks(plan)]);
        if (plan.MakesContainer)
            yield return ProgramRepository.Look("");
        yield return new("", ["cloudwatch:DescribeAlarms"], ["arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"]);
        yield return new("", ["cloudwatch:GetMetricData", "sagemaker:ListEndpoints", "sagemaker:ListModelPackageGroups", "sagemaker:ListPipelines", "sagemaker:Search"], ["*"]);
    }

    private static IEnumerable<Permission> Run(ModelPlan plan)
    {
        var pipeline = $"{SageMaker}:pipeline/{plan.PipelineName.ToLowerInvariant()}";
        yield return new("", ["sagemaker:RetryPipelineExecution", "sagemaker:StartPipelineExecution", "sagemaker:StopPipelineExecution"], [pipeline, $"{pipeline}/*", .. BatchPipelines(plan)]);
    }

    /// <summary>Data sets that lie elsewhere than below the model's own prefix.</summary>
    private static IEnumerable<Permission> Data(ModelPlan plan) =>
        plan.Data.Where(d => d.IsInS3).SelectMany(d => Permissions.Read("", d.Source));

    /// <summary>Requests to the endpoints; those of asynchronous ones lie in the bucket.</summary>
    private static IEnumerable<Permission> Try(ModelPlan plan, Permissions shared)
    {
        yield return new("", ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"], [$"{SageMaker}:endpoint/{plan.ModelName}-*"]);
        if (plan.Stages.Any(s => s.Endpoint is AsyncEndpoint))
            yield return shared.OwnObject("", "async/input/*", ["s3:PutObject"]);
        foreach (var (stage, queued) in plan.Stages.Select(s => (s, s.Endpoint as AsyncEndpoint)).Where(s => s.Item2 is not null))
        {
            // Requests lie in the stage's bucket, and answers there or where the stage has them written.
            if (stage.Aws.Bucket is { } bucket && bucket != plan.Aws.Bucket)
            {
                yield return new("", ["s3:PutObject"], [$"arn:${{AWS::Partition}}:s3:::{bucket}/{plan.Prefix}/async/input/*"]);
                foreach (var permission in Permissions.Read("", $"s3://{bucket}/{plan.Prefix}/async/"))
                    yield return permission;
            }

            foreach (var permission in new[] { queued!.Output, queued.Failures }.OfType<string>().SelectMany(place => Permissions.Read("", place)))
                yield return permission;
        }
    }

    private static IEnumerable<Permission> Change(ModelPlan plan, string executionRole)
    {
        yield return new("", ["sagemaker:AddTags", "sagemaker:CreatePipeline", "sagemaker:UpdatePipeline"], [$"{SageMaker}:pipeline/{plan.PipelineName.ToLowerInvariant()}"]);
        yield return new("", ["iam:PassRole"], [executionRole]) { Condition = new JsonObject { ["StringEquals"] = new JsonObject { ["iam:PassedToService"] = "sagemaker.amazonaws.com" } } };
        // Where people are asked, approvers answer: an engineer's deploy records what passed its tests, and makes versions to be decided on. (Decisions for stages before the
        // deciding one are properties of the version, which IAM does not tell from those.)
        var isAsked = plan.Stages.Any(s => s.Approval == Approval.Manual);
        yield return isAsked ? Decide(plan) with { Condition = new JsonObject { ["Null"] = new JsonObject { ["sagemaker:ModelApprovalStatus"] = "true" } } } : Decide(plan);
        yield return new("", ["sagemaker:CreateModelPackage"], [$"{SageMaker}:model-package-group/{plan.GroupName}", $"{SageMaker}:model-package/{plan.GroupName}/*"])
        {
            Condition = isAsked ? new JsonObject { ["StringEqualsIfExists"] = new JsonObject { ["sagemaker:ModelApprovalStatus"] = "PendingManualApproval" } } : null,
        };
        yield return new("", ["cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:DeleteStack", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResourceDrifts", "cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift", "cloudformation:ExecuteChangeSet", "cloudformation:GetTemplate", "cloudformation:UpdateTerminationProtection"],
            [Stacks(plan)]);
        yield return new("", ["cloudformation:DescribeStackDriftDetectionStatus"], ["*"]);
        foreach (var role in plan.Stages.Select(s => s.Aws.DeployRole).Append(plan.Aws.DeployRole).OfType<string>().Distinct(StringComparer.Ordinal))
            yield return new("", ["sts:AssumeRole"], [role]);
    }
}
