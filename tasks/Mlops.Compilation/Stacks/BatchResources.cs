using System.Text.Json.Nodes;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>Batch predictions: a pipeline with one transform, which a schedule or new files start.</summary>
internal static class BatchResources
{
    public static void Add(StackTemplate template, ModelPlan plan, PlannedStage stage, PlannedBatch batch, JsonNode role)
    {
        template.Parameter("BatchInput", "Where the records lie.", batch.Input);
        template.Parameter("BatchOutput", "Where the predictions go.", batch.Output);
        template.Parameter("BatchInstanceType", "The instances that predict.", batch.Instance.Type);
        var arguments = TransformShape.Arguments(
            JsonValue.Create("${Model.ModelName}"), Expression.Parameter("input"), Expression.Parameter("output"), plan.Inference.ContentTypes[0], plan.Inference.Accept(plan.Inference.ContentTypes[0], batch.Join),
            batch.Split, batch.Records, batch.Join, batch.Filter, batch.OutputFilter, batch.Instance with { Type = "${BatchInstanceType}" }, stage.Aws.KmsKey is null ? null : JsonValue.Create($"${{{Permissions.KeyParameter}}}"));
        if (stage.Capture is { } capture)
        {
            var kept = new JsonObject { ["DestinationS3Uri"] = capture.To ?? $"s3://${{{Storage.BucketParameter}}}/{plan.Prefix}/capture/{DeployStack.StageName(plan)}" };
            if (stage.Aws.KmsKey is not null)
                kept["KmsKeyId"] = $"${{{Permissions.KeyParameter}}}";
            arguments["DataCaptureConfig"] = kept;
        }

        StepShapes.AddTags(plan, arguments);
        // Whoever starts one by hand may name other places: see 'mlops batch'.
        PipelineParameter[] places = [new("input", "String", "${BatchInput}", []), new("output", "String", "${BatchOutput}", [])];
        AddPipeline(template, "BatchPipeline", $"{DeployStack.StageName(plan)}-batch", [new() { Name = "predict", Type = StepTypes.Transform, Arguments = arguments }], role, places);
        Roles.Add(template, "BatchTriggerRole", "scheduler.amazonaws.com", "Starts the batches.", [Start(plan, "deploy.stage.batch", "batch")], stage.Aws.PermissionsBoundary);
        if (batch.OnNewData)
            template.Resources["BatchTriggerRole"]!["Properties"]!["AssumeRolePolicyDocument"]!["Statement"]![0]!["Principal"]!["Service"] = new JsonArray("events.amazonaws.com", "scheduler.amazonaws.com");
        if (batch.Schedule is { } schedule)
            template.Add("BatchSchedule", "AWS::Scheduler::Schedule", Retraining.Schedule(schedule, plan.Operations.TimeZone, PipelineArn($"{DeployStack.StageName(plan)}-batch"), Cfn.GetAtt("BatchTriggerRole", "Arn")), "BatchPipeline");
        if (batch.OnNewData)
        {
            template.Add("BatchRule", "AWS::Events::Rule", new JsonObject
            {
                ["Description"] = "New records to predict.",
                ["EventPattern"] = Retraining.NewObjects(batch.Input),
                ["Targets"] = new JsonArray(new JsonObject { ["Id"] = "batch", ["Arn"] = PipelineArn($"{DeployStack.StageName(plan)}-batch"), ["RoleArn"] = Cfn.GetAtt("BatchTriggerRole", "Arn") }),
            }, "BatchPipeline");
        }
    }

    public const string Subnets = "SubnetList";

    public const string Groups = "SecurityGroupList";

    /// <summary>The items with quotes and commas between: what stands between the first and the last quote of a JSON list.</summary>
    private static JsonObject Quoted(JsonObject list) => new() { ["Fn::Join"] = new JsonArray("\",\"", list) };

    public static Permission Start(ModelPlan plan, string element, string pipeline) =>
        new(element, ["sagemaker:StartPipelineExecution"], [$"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:pipeline/{DeployStack.StageName(plan)}-{pipeline}"]);

    public static JsonObject PipelineArn(string name) => Cfn.Sub($"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:pipeline/{name}");

    /// <summary>A pipeline of a stage, whose definition takes what belongs to the place from the template.</summary>
    /// <param name="network">Its subnets and groups are lists of the template, which stand in the definition as <see cref="Subnets"/> and <see cref="Groups"/>.</param>
    public static void AddPipeline(StackTemplate template, string id, string name, IReadOnlyList<PipelineStep> steps, JsonNode role, IReadOnlyList<PipelineParameter>? parameters = null, PlannedNetwork? network = null, params string[] after)
    {
        var definition = new PipelineDefinition { Parameters = parameters ?? [], ExperimentConfig = null, Steps = steps };
        var body = Cfn.Sub(Json.Canonical(definition.ToJson()));
        if (network is not null)
        {
            body["Fn::Sub"] = new JsonArray(body["Fn::Sub"]!.DeepClone(), new JsonObject
            {
                [Subnets] = Quoted(template.List("Subnets", "The subnets of the stage's VPC.", network.Subnets)),
                [Groups] = Quoted(template.List("SecurityGroups", "The security groups of the stage.", network.SecurityGroups)),
            });
        }

        template.Add(id, "AWS::SageMaker::Pipeline", new JsonObject
        {
            ["PipelineName"] = Cfn.Sub(name),
            ["PipelineDefinition"] = new JsonObject { ["PipelineDefinitionBody"] = body },
            ["RoleArn"] = role,
        }, after);
    }
}
