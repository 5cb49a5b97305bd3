using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Stacks;

/// <summary>What the role of the pipeline and its jobs has to be allowed, step by step of the plan.</summary>
internal sealed class ExecutionPermissions(ModelPlan plan, string bucket)
{
    private const string Region = "${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}";

    /// <summary>Where jobs write, below the prefix.</summary>
    private static readonly string[] Written = ["models/*", "runs/*"];

    private readonly Permissions shared = new(plan, plan.Aws, bucket);

    /// <param name="role">The ARN of the role itself, which its jobs take on.</param>
    public IReadOnlyList<Permission> All(string role) =>
    [
        .. shared.OwnObjects("build", write: false),
        // Not the audit log, statements of provenance, the lock and published code: what a training script can write, it could forge.
        .. Written.Select(below => shared.OwnObject("build", below, ["s3:PutObject", "s3:AbortMultipartUpload"])),
        .. plan.Data.Where(d => d.IsInS3).SelectMany(d => Permissions.Read($"data.{d.Name}", d.Source)),
        .. plan.Model is BroughtModel { IsS3: true } brought ? Permissions.Read("model.artifact", brought.Source) : [],
        .. plan.AllSteps.SelectMany(Of),
        .. plan.Jobs.SelectMany(s => s.Outputs.Where(o => o.To is not null).SelectMany(o => Outside(s, o))),
        .. Secrets(),
        .. shared.Images(Images(), "${AWS::Region}:${AWS::AccountId}"),
        .. Model(),
        .. Experiment(),
        .. shared.Key("aws.kms_key"),
        .. shared.Network("aws.network"),
        .. Permissions.Logs("build"),
        new("build", ["iam:PassRole"], [role]) { Condition = new JsonObject { ["StringEquals"] = new JsonObject { ["iam:PassedToService"] = "sagemaker.amazonaws.com" } } },
    ];

    /// <summary>A place that a step writes to; later steps read what it wrote there.</summary>
    private static IEnumerable<Permission> Outside(PlannedStep step, PlannedOutput output)
    {
        var element = $"build.{step.Name}.outputs.{output.Name}";
        return [Permissions.Write(element, output.To!), .. Permissions.Read(element, output.To!)];
    }

    private static IEnumerable<Permission> Of(PlannedNode step) => step switch
    {
        // The name of a tuning (32 characters at most) and of its trainings are the service's choice.
        PlannedStep { Tuning: not null } => [
            Jobs(step, "HyperParameterTuningJob", "hyper-parameter-tuning-job", "*"), Jobs(step, "TrainingJob", "training-job", "*"),
            new(Name(step), ["sagemaker:ListTrainingJobsForHyperParameterTuningJob"], [$"arn:{Region}:hyper-parameter-tuning-job/*"])],
        PlannedStep { Kind: StepKind.Training } => [Jobs(step, "TrainingJob", "training-job")],
        PlannedStep => [Jobs(step, "ProcessingJob", "processing-job")],
        PlannedTransform => [Jobs(step, "TransformJob", "transform-job")],
        PlannedQuestion { Function: { } function } => [new(Name(step), ["lambda:InvokeFunction"], [function])],
        PlannedQuestion { Queue: { } queue } => [new(Name(step), ["sqs:SendMessage"], [QueueArn(queue)])],
        PlannedEmr emr => [new(Name(step), ["elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:CancelSteps", "elasticmapreduce:DescribeCluster", "elasticmapreduce:DescribeStep"],
            [$"arn:${{AWS::Partition}}:elasticmapreduce:${{AWS::Region}}:${{AWS::AccountId}}:cluster/{emr.Cluster}"]),
            // By which Pipelines hears of the step's end (AmazonSageMakerPipelinesIntegrations).
            new(Name(step), ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                ["arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/SageMakerPipelineExecutionEMRStepStatusUpdateRule"])],
        _ => [],
    };

    /// <summary>Jobs that a pipeline starts have names that begin with 'pipelines-'.</summary>
    private static Permission Jobs(PlannedNode step, string operation, string resource, string names = "pipelines-*") =>
        new(Name(step), ["sagemaker:AddTags", $"sagemaker:Create{operation}", $"sagemaker:Describe{operation}", $"sagemaker:Stop{operation}"], [$"arn:{Region}:{resource}/{names}"]);

    private IEnumerable<Permission> Model()
    {
        // A version is made to be decided on: none approves itself. (Of the other actions none has the key.)
        yield return new("build.register", [
            "sagemaker:AddTags", "sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
            [$"arn:{Region}:model-package-group/{plan.GroupName}", $"arn:{Region}:model-package/{plan.GroupName}/*"])
        {
            Condition = new JsonObject { ["StringEqualsIfExists"] = new JsonObject { ["sagemaker:ModelApprovalStatus"] = "PendingManualApproval" } },
        };
        if (plan.AllSteps.OfType<PlannedTransform>().Any())
            yield return new("create-model", ["sagemaker:AddTags", "sagemaker:CreateModel", "sagemaker:DeleteModel", "sagemaker:DescribeModel"], [$"arn:{Region}:model/pipelines-*"]);
    }

    private IEnumerable<Permission> Experiment()
    {
        yield return new("build.experiment", ["sagemaker:AddTags", "sagemaker:CreateExperiment", "sagemaker:CreateTrial", "sagemaker:DescribeExperiment", "sagemaker:DescribeTrial"],
            [$"arn:{Region}:experiment/{plan.ExperimentName.ToLowerInvariant()}", $"arn:{Region}:experiment-trial/*"]);
        yield return new("build.experiment", [
            "sagemaker:AddTags", "sagemaker:AssociateTrialComponent", "sagemaker:CreateTrialComponent", "sagemaker:DescribeTrialComponent", "sagemaker:UpdateTrialComponent"],
            [$"arn:{Region}:experiment-trial/*", $"arn:{Region}:experiment-trial-component/*"]);
    }

    /// <summary>A secret's variable holds its ARN, and only a secret's ARN reads so.</summary>
    private IEnumerable<Permission> Secrets()
    {
        var secrets = (from step in plan.Jobs from variable in step.Environment where Arn.Parse(variable.Value.Text) is { Service: "secretsmanager" } select (Element: $"{Name(step)}.secrets.{variable.Key}", variable.Value.Text)).ToList();
        foreach (var (element, arn) in secrets)
        {
            yield return new(element, ["secretsmanager:GetSecretValue"], [arn]);
            // By which key a secret is encrypted nothing says: it is used through that service alone.
            yield return new(element, ["kms:Decrypt"], ["arn:${AWS::Partition}:kms:*:*:key/*"]) { Condition = Permissions.StringLike("kms:ViaService", "secretsmanager.*") };
        }
    }

    private IEnumerable<(string Element, PlannedImage Image)> Images() =>
        plan.Jobs.Select(s => (Name(s), s.Image)).Concat(plan.Inference.Containers.Select(c => ("inference", plan.Inference.ImageOf(c.Container))));

    private static string Name(PlannedNode step) => $"build.{step.Name}";

    /// <summary>https://sqs.REGION.HOST/ACCOUNT/NAME</summary>
    private static string QueueArn(string url)
    {
        var uri = new Uri(url);
        var (account, name) = uri.Segments is [_, var a, var n] ? (a.TrimEnd('/'), n) : ("${AWS::AccountId}", uri.Segments[^1]);
        return $"arn:${{AWS::Partition}}:sqs:{uri.Host.Split('.')[1]}:{account}:{name}";
    }
}
