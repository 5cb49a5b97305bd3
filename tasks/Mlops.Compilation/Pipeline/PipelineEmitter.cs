using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>The plan as SageMaker's pipeline definition. What belongs to a place (role, bucket, data, images) is a parameter that publish fills in.</summary>
public sealed class PipelineEmitter
{
    private readonly ModelPlan plan;
    private readonly StepShapes shapes;
    private readonly StepEmitter steps;

    private PipelineEmitter(ModelPlan plan, SourceKeys sources)
    {
        this.plan = plan;
        shapes = new StepShapes(plan, sources);
        steps = new StepEmitter(shapes);
    }

    public static PipelineDefinition Emit(ModelPlan plan, SourceKeys sources) => new PipelineEmitter(plan, sources).Emit();

    private PipelineDefinition Emit()
    {
        var jobs = plan.Steps.Select(steps.Emit).ToList();
        if (plan.AllSteps.OfType<PlannedTransform>().Any())
            jobs.Add(ModelEmitter.EmitCreate(shapes));
        // What comes after the evaluation comes before the gates: it may be what a person decides by.
        var before = plan.Steps.Where(s => s.Name == ConfiguredStep.Postprocess).Select(s => s.Name).ToList();
        var last = ModelEmitter.EmitRegister(shapes);
        last = plan.Gates.Count > 0 ? GateEmitter.Emit(plan, [last]) with { DependsOn = before } : last with { DependsOn = before };
        return new PipelineDefinition
        {
            Parameters = [.. Parameters()],
            ExperimentConfig = new JsonObject
            {
                ["ExperimentName"] = plan.ExperimentName == plan.PipelineName ? Expression.Reference("Execution.PipelineName") : JsonValue.Create(plan.ExperimentName),
                ["TrialName"] = Expression.Reference("Execution.PipelineExecutionId"),
            },
            Steps = [.. jobs, last],
        };
    }

    private IEnumerable<PipelineParameter> Parameters()
    {
        yield return new(ReservedNames.ExecutionRole, "String", null, []);
        yield return new(ReservedNames.Bucket, "String", null, []);
        foreach (var image in Images(plan))
            yield return new(image.Parameter, "String", null, []);
        foreach (var data in plan.Data)
            yield return new(data.Parameter, "String", null, []);
        if (plan.ReadsDataInS3)
            yield return new(ReservedNames.S3DataVersion, "String", JsonValue.Create("unknown"), []);
        foreach (var (gate, baseline, isFloor) in GateEmitter.Baselines(plan))
            yield return new(baseline, "Float", JsonValue.Create(isFloor ? -GateEmitter.NoLimit : GateEmitter.NoLimit), []);
        if (plan.Jobs.Any(s => s.Arguments.Any(a => a.Parts is [ParameterPart { Name: AnalysisPlanner.BaselineParameter }])))
            yield return new(AnalysisPlanner.BaselineParameter, "String", JsonValue.Create("none"), []);
        if (plan.Model is BroughtModel)
            yield return new(StepShapes.ModelParameter, "String", null, []);
        if (plan.Aws.KmsKey is { } key)
            yield return new(StepShapes.KmsKeyParameter, "String", JsonValue.Create(key), []);
        if (plan.UsesGitCommit)
            yield return new(ReservedNames.GitCommit, "String", null, []);
        foreach (var parameter in plan.Parameters)
            yield return new(parameter.Name, parameter.Type.ToString(), TypedValue.Of(parameter.Default, parameter.Type), parameter.Allowed);
    }

    /// <summary>The images that publish has to find, in a stable order.</summary>
    public static IReadOnlyList<ImageParameter> Images(ModelPlan plan) =>
        [.. plan.Images.Where(i => i.Own is null)
            .Select(i => new ImageParameter(i.Parameter, i.Framework, i.Version)
            {
                Repository = i.Published?.Repository,
                Tag = i.Published?.Tag,
                Accounts = i.Published is { } published ? ImageRegistries.Accounts(published.Registry) : null,
            })
            .DistinctBy(i => i.Parameter).OrderBy(i => i.Parameter, StringComparer.Ordinal)];
}
