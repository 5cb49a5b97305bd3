using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>The model's containers: as a model package that is registered, and as a model that a transform uses.</summary>
internal static class ModelEmitter
{
    public const string RegisterStep = "register";
    public const string CreateStep = "create-model";

    public static PipelineStep EmitRegister(StepShapes shapes)
    {
        var (plan, inference) = (shapes.Plan, shapes.Plan.Inference);
        var arguments = new JsonObject { ["ModelPackageGroupName"] = plan.GroupName };
        if (plan.Description is not null)
            arguments["ModelPackageDescription"] = Descriptions.OneLine(plan.Description);
        arguments["InferenceSpecification"] = new JsonObject
        {
            ["Containers"] = Containers(shapes),
            ["SupportedContentTypes"] = StepShapes.Strings(inference.ContentTypes),
            ["SupportedResponseMIMETypes"] = StepShapes.Strings(inference.ResponseTypes),
            ["SupportedRealtimeInferenceInstanceTypes"] = StepShapes.Strings(inference.RealtimeInstanceTypes),
            ["SupportedTransformInstanceTypes"] = StepShapes.Strings(inference.TransformInstanceTypes),
        };
        arguments["ModelApprovalStatus"] = "PendingManualApproval";
        if (Measured(plan, "Report") is { Count: > 0 } metrics)
            arguments["ModelMetrics"] = metrics;
        if (Measured(plan, "Constraints") is { Count: > 0 } baselines)
            arguments["DriftCheckBaselines"] = baselines;
        // From a version back to the execution that made it.
        arguments["MetadataProperties"] = new JsonObject { ["GeneratedBy"] = Expression.Reference("Execution.PipelineExecutionArn") };
        if (plan.Metadata.Count > 0)
            arguments["CustomerMetadataProperties"] = shapes.Expressions.Texts(plan.Metadata);
        arguments["Domain"] = Words.Upper(plan.Domain);
        arguments["Task"] = plan.ProblemType switch
        {
            ProblemType.Regression => "REGRESSION",
            ProblemType.BinaryClassification or ProblemType.MulticlassClassification => "CLASSIFICATION",
            _ => "OTHER",
        };
        if (inference.SamplePayload is { } payload)
            arguments["SamplePayloadUrl"] = shapes.Sources.ArchiveUri(payload);
        if (plan.Card is { } card)
            arguments["ModelCard"] = new JsonObject { ["ModelCardStatus"] = "Draft", ["ModelCardContent"] = Json.Canonical(Card(card, plan)) };
        // No tags: a version has those of its group, and the API refuses others (CreateModelPackage, Tags).
        return new PipelineStep { Name = RegisterStep, Type = StepTypes.RegisterModel, Arguments = arguments, Others = StepShapes.Retries(plan.ServiceRetry) };
    }

    /// <summary>The model by name, for transforms.</summary>
    public static PipelineStep EmitCreate(StepShapes shapes)
    {
        var containers = Containers(shapes);
        var arguments = new JsonObject { ["ExecutionRoleArn"] = Expression.Parameter(ReservedNames.ExecutionRole) };
        if (containers.Count == 1)
            arguments["PrimaryContainer"] = containers[0]!.DeepClone();
        else
            arguments["Containers"] = containers;
        if (shapes.VpcConfig() is { } vpc)
            arguments["VpcConfig"] = vpc;
        if (shapes.Plan.Aws.Network is { Isolated: true })
            arguments["EnableNetworkIsolation"] = true;
        shapes.AddTags(arguments);
        return new PipelineStep { Name = CreateStep, Type = StepTypes.Model, Arguments = arguments, Others = StepShapes.Retries(shapes.Plan.ServiceRetry) };
    }

    private static JsonArray Containers(StepShapes shapes) => [.. shapes.Plan.Inference.Containers.Select(c => Container(c.Container, c.IsModel, shapes))];

    private static JsonObject Container(PlannedContainer planned, bool isModel, StepShapes shapes)
    {
        var environment = new JsonObject();
        if (planned.Bundle is { } bundle)
        {
            environment["SAGEMAKER_PROGRAM"] = bundle.Program;
            environment["SAGEMAKER_SUBMIT_DIRECTORY"] = isModel && shapes.Plan.Package is not null ? PackagePlanner.CodeFolder : shapes.Sources.ArchiveUri(bundle);
        }

        foreach (var (name, value) in planned.Environment)
            environment[name] = value;
        var container = new JsonObject { ["Image"] = StepShapes.Image(shapes.Plan.Inference.ImageOf(planned)) };
        if (isModel)
            container["ModelDataUrl"] = shapes.ServedModel();
        else if (planned.Artifact is { } artifact)
            container["ModelDataUrl"] = Expression.Joined("/", [shapes.Uri(artifact), JsonValue.Create("model.tar.gz")]);
        container["Environment"] = environment;
        return container;
    }

    /// <summary>What was measured of the model, in the places that SageMaker's registry has for it.</summary>
    /// <param name="of">"Report": of the model; "Constraints": what later data and answers are compared with.</param>
    private static JsonObject Measured(ModelPlan plan, string of)
    {
        var found = new JsonObject();
        foreach (var step in plan.Jobs)
        {
            switch (step.Name)
            {
                case ConfiguredStep.Evaluate:
                    found["ModelQuality"] = new JsonObject { ["Statistics"] = InReport(step, step.Report!) };
                    break;
                case ConfiguredStep.CheckData:
                    found["ModelDataQuality"] = new JsonObject { ["Statistics"] = InReport(step, "statistics.json"), ["Constraints"] = InReport(step, "constraints.json") };
                    break;
                case AnalysisPlanner.BiasBefore when step.Outputs.Any(o => o.Name == AnalysisPlanner.Report):
                    found["Bias"] = new JsonObject { ["PreTraining" + of] = InReport(step, "analysis.json") };
                    break;
                case ConfiguredStep.Bias:
                    var bias = found["Bias"] as JsonObject ?? [];
                    bias[(step.Inputs.Count > 1 ? "PostTraining" : "PreTraining") + of] = InReport(step, "analysis.json");
                    found["Bias"] = bias;
                    break;
                case ConfiguredStep.Explain:
                    found["Explainability"] = new JsonObject { [of] = InReport(step, "analysis.json") };
                    break;
            }
        }

        return found;
    }

    private static JsonObject InReport(PlannedStep step, string file) => new()
    {
        ["ContentType"] = "application/json",
        ["S3Uri"] = Expression.Joined("/", [Expression.ProcessingOutput(step.Name, AnalysisPlanner.Report), JsonValue.Create(file)]),
    };

    /// <summary>By the model card's JSON schema, of which a version's overview has only the creator (ModelPackageModelCard).</summary>
    private static JsonObject Card(PlannedCard card, ModelPlan plan)
    {
        var overview = new JsonObject();
        var details = new JsonObject { ["problem_type"] = Words.Snake(plan.ProblemType) };
        if (card.Description is not null)
            details["model_description"] = card.Description;
        if (card.Owner is not null)
            overview["model_creator"] = card.Owner;
        var uses = new JsonObject { ["risk_rating"] = card.RiskRating.ToString() };
        if (card.IntendedUses is not null)
            uses["intended_uses"] = card.IntendedUses;
        var content = new JsonObject { ["model_overview"] = overview, ["intended_uses"] = uses };
        var more = new JsonObject { ["custom_details"] = details };
        if (card.Caveats is not null)
            more["caveats_and_recommendations"] = card.Caveats;
        content["additional_information"] = more;
        return content;
    }
}
