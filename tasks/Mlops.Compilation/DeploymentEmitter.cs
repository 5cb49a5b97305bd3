using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Text;
using Mlops.Definitions;

namespace Mlops.Compilation;

/// <summary>The plan as deployment.json: what to publish, the stages, the places of gates.</summary>
public static class DeploymentEmitter
{
    private const string InferencePlace = "inference";

    public static DeploymentDefinition Emit(ModelPlan plan, SourceKeys sources, string configFile, string configSha256) => new()
    {
        ModelName = plan.ModelName,
        PipelineName = plan.PipelineName,
        ModelPackageGroupName = plan.GroupName,
        MaxParallelExecutionSteps = plan.MaxParallelSteps,
        ConfigFile = configFile,
        ConfigSha256 = configSha256,
        Places = plan.AllSteps.Select(s => (s.Name, s.Place)).Append((InferencePlace, plan.Inference.Place))
            .ToDictionary(p => p.Item1, p => Place(p.Item2), StringComparer.Ordinal),
        Prefix = plan.Prefix,
        Sources = sources.Used,
        Data = [.. plan.Data.Select(d => new PublishedData(d.Name, d.Parameter, d.Source)),
            .. plan.Model is BroughtModel brought ? [new PublishedData("model-artifact", StepShapes.ModelParameter, brought.Source)] : Array.Empty<PublishedData>()],
        Images = PipelineEmitter.Images(plan),
        Gates = GateEmitter.Describe(plan),
        Stages = [.. plan.Stages.Select(s => new StageEmitter(plan, s).Emit())],
        ModelContainer = plan.Inference.Before is null ? null : 1,
        PackagedCode = plan.Package is null ? null : sources.FileOf(plan.Inference.Bundle!),
        TimeZone = plan.Operations.TimeZone,
        Retraining = plan.Operations.Retraining is { } retraining ? new Retraining
        {
            Schedule = retraining.Schedule,
            OnNewData = [.. retraining.OnNewData.Select(d => d.Name)],
            Parameters = retraining.Parameters,
            CooldownSeconds = retraining.CooldownSeconds,
        } : null,
        Local = plan.Local,
        Aws = Place(plan.Aws),
        Gaps = [.. plan.Gaps.Select(g => new Gap(g.Key, Place(g.Place), g.Essential) { Platform = g.Platform })],
    };

    internal static AwsPlace Place(PlannedAws aws) => new()
    {
        Account = aws.Account,
        Region = aws.Region,
        DeployRole = aws.DeployRole,
        ExecutionRole = aws.ExecutionRole,
        Bucket = aws.Bucket,
        KmsKey = aws.KmsKey,
    };

    internal static SourcePlace Place(Span span) => new(span.Line, span.Column);
}
