using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>Fills in defaults and resolves references. Its input has passed the checks: what they ask for is there.</summary>
public sealed class Planner
{
    private readonly ModelConfig config;
    private readonly Dictionary<string, PlannedData> data;
    private readonly StepPlanner planner;

    private Planner(ModelConfig config, string? programAssembly)
    {
        this.config = config;
        data = (config.Data ?? NamedMap<DataSet>.Empty).ToDictionary(
            d => d.Name, d => new PlannedData(d.Name, d.Value!.Source!.Value.Value.Text), StringComparer.Ordinal);
        planner = new StepPlanner(config, programAssembly, data);
    }

    /// <param name="programAssembly">The file name of the C# program that the project builds, or null.</param>
    public static ModelPlan Plan(ModelConfig config, string? programAssembly) => new Planner(config, programAssembly).Plan();

    private ModelPlan Plan()
    {
        var (model, build) = (config.Model!, config.Build ?? new BuildSection());
        var name = model.Name!.Value.Value;
        var problem = model.ProblemType?.Value ?? ProblemType.Other;
        var steps = planner.PlanAll();
        var stages = new StagePlanner(config).Plan();
        var inference = PlanInference(config.Inference, stages);
        var aws = PlannedAws.Of(null, config.Aws);
        if (PackagePlanner.Plan(inference, aws, stages, planner.DefaultCache, planner.DefaultRetry) is { } package)
            steps = PackagePlanner.Insert(steps, package);
        var all = steps.SelectMany(s => s.WithNested()).ToList();
        var used = all.OfType<PlannedStep>().SelectMany(s => s.Inputs).Select(i => i.Source).Concat(all.OfType<PlannedTransform>().Select(t => t.Data))
            .OfType<DataInput>().Select(d => d.Data.Name).ToHashSet(StringComparer.Ordinal);
        return new ModelPlan
        {
            ModelName = name,
            Description = model.Description?.Value,
            ProblemType = problem,
            Domain = model.Domain?.Value ?? ModelDomain.MachineLearning,
            PipelineName = build.Pipeline?.Value ?? name,
            ExperimentName = build.Experiment?.Value ?? build.Pipeline?.Value ?? name,
            MaxParallelSteps = (int?)build.MaxParallelSteps?.Value,
            GroupName = build.Register?.Group?.Value ?? name,
            Prefix = config.Aws?.Prefix?.Value ?? name,
            Parameters = [.. (build.Parameters ?? NamedMap<ParameterSection>.Empty).Select(p => new PlannedParameter(
                p.Name, p.Value!.Type?.Value ?? ParameterType.String, p.Value.Default!.Value.Value, [.. (p.Value.Allowed ?? []).Select(a => a.Value)]))],
            UsesGitCommit = config.Steps.SelectMany(s => s.Templates).Concat(Maps.Of(build.Register?.Metadata).Values).Any(t => t.Parts.Any(p => p is GitCommitPart)),
            Data = [.. data.Values.Where(d => used.Contains(d.Name))],
            Steps = steps,
            Model = model.Artifact is { } artifact ? new BroughtModel(artifact.Value.Text) : new TrainedModel(all.OfType<PlannedStep>().First(s => s.Name == ConfiguredStep.Train)),
            Gates = [.. (build.QualityGates ?? NamedMap<GateSection>.Empty).Select(g => new PlannedGate(
                g.Name, ConfiguredStep.Evaluate, Metrics.PathOf(g.Name, problem), g.Value!.Min?.Value, g.Value.Max?.Value, g.Value.MaxDrop?.Value, g.Value.MaxRise?.Value, g.NameSpan)), .. BiasGates()],
            Metadata = Maps.Of(build.Register?.Metadata),
            Tags = (model.Tags ?? NamedMap<Given<string>>.Empty).ToDictionary(t => t.Name, t => t.Value!.Value, StringComparer.Ordinal),
            Card = PlanCard(model),
            Aws = aws,
            Inference = inference,
            Stages = stages,
            Operations = new OperationsPlanner(config, data, planner.Analyses).Plan(),
            Local = PlanLocal(),
            ServiceRetry = planner.ServiceRetry,
            Gaps = NotCarriedOut.Of(config),
        };
    }

    /// <summary>A limit of a bias metric holds for every facet; the analyzer writes the facets in the order of the configuration.</summary>
    private IEnumerable<PlannedGate> BiasGates() =>
        from limit in config.Build?.Bias?.Limits ?? NamedMap<LimitSection>.Empty
        from facet in config.Build!.Bias!.Facets!.Select((f, i) => (Name: f.Name!.Value.Value, Index: i))
        select new PlannedGate($"{limit.Name} of {facet.Name}", ConfiguredStep.Bias, $"facets[{facet.Index}].{limit.Name}", limit.Value!.Min?.Value, limit.Value.Max?.Value, null, null, limit.NameSpan);

    private static PlannedCard? PlanCard(ModelSection model) => model is { Owner: null, Card: null } ? null : new(
        model.Owner?.Value, model.Description?.Value, model.Card?.IntendedUses?.Value, model.Card?.RiskRating?.Value ?? RiskRating.Unknown, model.Card?.Caveats?.Value);

    private PlannedInference PlanInference(InferenceSection? inference, IReadOnlyList<PlannedStage> stages)
    {
        var train = config.Build?.Train;
        var runtime = inference?.Runtime is null && train?.Algorithm is { } algorithm
            ? StepPlanner.AlgorithmRuntime(algorithm.Value.Name, train.Runtime)
            : StepPlanner.Runtime(config.ServingRuntime);
        List<string> used = [.. stages.SelectMany(s => s.InstanceTypes).Distinct(StringComparer.Ordinal).DefaultIfEmpty(StagePlanner.DefaultInstance)];
        var hosts = used.Where(t => InstanceTypes.UsesOf(t).HasFlag(InstanceUse.Hosting)).ToList();
        return new PlannedInference
        {
            Runtime = runtime,
            Place = inference?.EntryPoint?.Span ?? inference?.Span ?? train?.Span ?? config.Model!.Span,
            Bundle = inference?.EntryPoint is { } entry ? planner.PlanBundle("inference", runtime, entry, inference.SourceDir?.Value) : null,
            SamplePayload = inference?.SamplePayload is { } payload ? new FileBundle("sample-payload", payload.Value) { Place = payload.Span } : null,
            Before = PlanContainer("inference-preprocess", inference?.Preprocess),
            Behind = PlanContainer("inference-postprocess", inference?.Postprocess),
            Environment = Maps.Literals(inference?.Environment),
            ContentTypes = inference?.ContentTypes?.Select(t => t.Value).ToList() ?? ["text/csv"],
            ResponseTypes = inference?.ResponseTypes?.Select(t => t.Value).ToList() ?? ["text/csv"],
            RealtimeInstanceTypes = inference?.Instances?.Realtime is { } realtime ? [.. realtime.Select(t => t.Value.Name)] : hosts,
            TransformInstanceTypes = inference?.Instances?.Transform is { } transform ? [.. transform.Select(t => t.Value.Name)]
                : [.. used.Where(t => InstanceTypes.UsesOf(t).HasFlag(InstanceUse.Transform)).DefaultIfEmpty(StepPlanner.DefaultInstance)],
        };
    }

    private PlannedContainer? PlanContainer(string name, ContainerSection? container)
    {
        if (container is null)
            return null;
        var runtime = StepPlanner.Runtime(container.Runtime ?? config.ServingRuntime);
        return new(runtime, planner.PlanBundle(name, runtime, container.EntryPoint!.Value, container.SourceDir?.Value),
            container.Artifact is { } artifact ? (OutputInput)planner.Source(artifact.Value) : null, Maps.Literals(container.Environment));
    }

    private LocalSettings PlanLocal() => new()
    {
        Root = config.Local?.Root?.Value.Text ?? ".mlops",
        Port = (int?)config.Local?.Port?.Value,
        KeepRuns = (int?)config.Local?.KeepRuns?.Value,
        StandIns = (config.Local?.StandIns ?? NamedMap<Given<string>>.Empty).ToDictionary(s => s.Name, s => s.Value!.Value, StringComparer.Ordinal),
        Sandbox = config.Local?.Sandbox?.Value switch { Sandbox.Process => LocalSettings.ProcessSandbox, Sandbox.Namespace => LocalSettings.NamespaceSandbox, Sandbox.Docker => LocalSettings.ContainerSandbox, _ => null },
        Interpreters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["python3"] = config.Local?.Interpreters?.Python?.Value ?? "python3",
            ["Rscript"] = config.Local?.Interpreters?.R?.Value ?? "Rscript",
        },
    };
}
