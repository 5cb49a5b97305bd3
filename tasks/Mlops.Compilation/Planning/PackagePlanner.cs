using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>The step that puts the code that answers into the model's archive, where the container could not fetch it.</summary>
internal static class PackagePlanner
{
    public const string Step = "package-model";
    public const string Output = "model";

    /// <summary>What 'SAGEMAKER_SUBMIT_DIRECTORY' is then.</summary>
    public const string CodeFolder = "/opt/ml/model/code";

    private const int MaxRuntimeSeconds = 3600;

    /// <summary>The step, or null where the container fetches its code, or needs none.</summary>
    public static PlannedStep? Plan(PlannedInference inference, PlannedAws aws, IEnumerable<PlannedStage> stages, Duration? cache, PlannedRetry? retry)
    {
        var isolated = aws.Network?.Isolated == true || stages.Any(s => s.Aws.Network?.Isolated == true);
        if (inference.Bundle is not ScriptBundle code || inference.Runtime.OwnImage is not null || !(inference.Runtime.ServesFromArchive || (isolated && inference.Runtime.HasToolkit)))
            return null;
        return new PlannedStep
        {
            Name = Step,
            Place = inference.Place,
            Kind = StepKind.Processing,
            Runtime = PlannedRuntime.Plain,
            Bundle = new ToolBundle(Step, "package_model.py"),
            Inputs = [new("model", new ModelInput(), null, InputMode.File, DataDistribution.Replicated), new("inference", new BundleInput(code), null, InputMode.File, DataDistribution.Replicated)],
            Outputs = [new(Output, null)],
            Arguments = [],
            Environment = new Dictionary<string, Template>(),
            Instance = StepPlanner.Instance(null, null, StepPlanner.DefaultInstance),
            MaxRuntimeSeconds = MaxRuntimeSeconds,
            Cache = cache,
            Retry = retry,
        };
    }

    /// <summary>Behind the step that makes the model, wherever that is; before all of them where the model is brought.</summary>
    public static IReadOnlyList<PlannedNode> Insert(IReadOnlyList<PlannedNode> steps, PlannedStep package)
    {
        var at = steps.ToList().FindIndex(s => s.WithNested().Any(n => n.Name == ConfiguredStep.Train));
        return [.. steps.Take(at + 1), package, .. steps.Skip(at + 1)];
    }
}
