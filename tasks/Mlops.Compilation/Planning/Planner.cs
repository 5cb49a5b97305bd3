using Mlops.Configuration.Checks;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>Fills in defaults and resolves references. Its input has passed the checks: what they ask for is there.</summary>
public sealed class Planner
{
    private const string DefaultProcessingInstance = "ml.m5.xlarge";
    private const string DefaultServingInstance = "ml.m5.large";
    private const int DefaultVolumeGiB = 30;
    private static readonly Duration DefaultMaxRuntime = Duration.Parse("1h")!.Value;

    private readonly ModelConfig config;
    private readonly string? programAssembly;
    private readonly Dictionary<string, PlannedData> data;

    private Planner(ModelConfig config, string? programAssembly)
    {
        this.config = config;
        this.programAssembly = programAssembly;
        data = (config.Data ?? NamedMap<DataSet>.Empty).ToDictionary(
            d => d.Name, d => new PlannedData(d.Name, d.Value!.Source!.Value.Value.Text), StringComparer.Ordinal);
    }

    /// <param name="programAssembly">The file name of the C# program that the project builds, or null.</param>
    public static ModelPlan Plan(ModelConfig config, string? programAssembly) => new Planner(config, programAssembly).Plan();

    private ModelPlan Plan()
    {
        var (model, build) = (config.Model!, config.Build ?? new BuildSection());
        var name = model.Name!.Value.Value;
        var problem = model.ProblemType?.Value ?? ProblemType.Other;
        var steps = config.Steps.Where(s => s is { IsFurther: false, Section: ProcessingSection or TrainSection { Algorithm: null } }).Select(s => PlanStep(s.Name, (StepSection)s.Section)).ToList();
        var used = steps.SelectMany(s => s.Inputs).Select(i => i.Source).OfType<DataInput>().Select(d => d.Data.Name).ToHashSet(StringComparer.Ordinal);
        var stages = (config.Deploy ?? []).Select(PlanStage).ToList();
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
            UsesGitCommit = config.Steps.SelectMany(s => s.Templates).Concat(Map(build.Register?.Metadata).Values).Any(t => t.Parts.Any(p => p is GitCommitPart)),
            Data = [.. data.Values.Where(d => used.Contains(d.Name))],
            Steps = steps,
            Gates = [.. (build.QualityGates ?? NamedMap<GateSection>.Empty).Select(g => new PlannedGate(
                g.Name, Metrics.PathOf(g.Name, problem), g.Value!.Min?.Value, g.Value.Max?.Value, g.Value.MaxDrop?.Value, g.Value.MaxRise?.Value, g.NameSpan))],
            Metadata = Map(build.Register?.Metadata),
            Inference = PlanInference(config.Inference, stages),
            Stages = stages,
            Local = PlanLocal(),
            Gaps = NotCarriedOut.Of(config),
        };
    }

    private PlannedStep PlanStep(string name, StepSection step)
    {
        var build = config.Build!;
        var runtime = PlanRuntime(step.Runtime ?? config.Runtime);
        var cache = step.Cache?.Value ?? build.Cache?.Value ?? new CacheLifetime(Duration.Parse("30d"));
        var evaluate = step as EvaluateSection;
        var train = step as TrainSection;
        var outputs = (step as ProcessingSection)?.Outputs?.Select(o => new PlannedOutput(o.Name, o.Value?.To?.Value.Text)).ToList() ?? [];
        if (evaluate is not null && outputs.TrueForAll(o => o.Name != "report"))
            outputs.Add(new("report", null));
        return new PlannedStep
        {
            Name = name,
            Place = step.EntryPoint!.Value.Span,
            Kind = step is TrainSection ? StepKind.Training : StepKind.Processing,
            Runtime = runtime,
            Bundle = PlanBundle(name, runtime, step.EntryPoint!.Value.Value, step.SourceDir?.Value),
            Inputs = [.. step.Inputs!.Select(i => new PlannedInput(i.Name, Source(i.Value!.From!.Value.Value), i.Value.ContentType?.Value,
                i.Value.Mode?.Value ?? InputMode.File, i.Value.Distribution?.Value ?? DataDistribution.Replicated))],
            Outputs = outputs,
            Report = evaluate is null ? null : evaluate.Report?.Value ?? "evaluation.json",
            Arguments = (step as ProcessingSection)?.Arguments ?? [],
            Environment = WithSecrets(step),
            Hyperparameters = Map((step as TrainSection)?.Hyperparameters),
            MetricDefinitions = Map((step as TrainSection)?.Metrics).ToDictionary(m => m.Key, m => Literal(m.Value), StringComparer.Ordinal),
            Instance = PlanInstance(step.Instance, build.Instance, DefaultProcessingInstance),
            MaxRuntimeSeconds = (step.MaxRuntime?.Value ?? build.MaxRuntime?.Value ?? DefaultMaxRuntime).Seconds,
            Cache = cache.Duration,
            Retry = (step.Retry ?? build.Retry) is { } retry ? PlanRetry(retry) : null,
            After = [.. (step.After ?? []).Select(a => a.Value)],
            Spot = train?.Spot is { } spot ? new PlannedSpot(spot.MaxWait!.Value.Value.Seconds, spot.Checkpoints?.Value ?? false) : null,
        };
    }

    private static PlannedRetry PlanRetry(RetrySection retry) => new(
        [.. retry.Errors?.Select(e => e.Value) ?? [RetryError.Throttling, RetryError.ServiceFault]],
        (int)(retry.Attempts?.Value ?? 3), retry.Interval?.Value.Seconds ?? 1, retry.Backoff?.Value ?? 2.0);

    /// <summary>A secret's variable holds its ARN: the program asks for the value itself.</summary>
    private static Dictionary<string, Template> WithSecrets(StepSection step)
    {
        var environment = Map(step.Environment);
        foreach (var (name, _, arn) in step.Secrets ?? NamedMap<Given<Arn>>.Empty)
            environment[name] = new Template(arn!.Value.Text, [new LiteralPart(arn.Value.Text)]);
        return environment;
    }

    private InputSource Source(string reference)
    {
        if (reference == "model")
            return new ModelInput();
        if (data.TryGetValue(reference, out var set))
            return new DataInput(set);
        var dot = reference.IndexOf('.', StringComparison.Ordinal);
        return new OutputInput(reference[..dot], reference[(dot + 1)..]);
    }

    private BundlePlan PlanBundle(string name, PlannedRuntime runtime, RepositoryPath entryPoint, RepositoryPath? sourceDir) =>
        runtime.Framework == Framework.Dotnet
            ? new ProgramBundle(programAssembly, ProgramBundle.VerbOf(entryPoint))
            : new ScriptBundle(name, entryPoint, sourceDir);

    private PlannedInference PlanInference(InferenceSection? inference, IReadOnlyList<PlannedStage> stages)
    {
        var runtime = PlanRuntime(inference?.Runtime ?? config.Build?.Train?.Runtime ?? config.Runtime);
        List<string> used = stages.Count == 0 ? [DefaultServingInstance] : [.. stages.Select(s => s.Instance.Type).Distinct(StringComparer.Ordinal)];
        return new PlannedInference
        {
            Runtime = runtime,
            Place = inference?.EntryPoint?.Span ?? config.Build?.Train?.Span ?? config.Model!.Span,
            Bundle = inference?.EntryPoint is null ? null : PlanBundle("inference", runtime, inference.EntryPoint.Value.Value, inference.SourceDir?.Value),
            Environment = Literals(inference?.Environment),
            ContentTypes = inference?.ContentTypes?.Select(t => t.Value).ToList() ?? ["text/csv"],
            ResponseTypes = inference?.ResponseTypes?.Select(t => t.Value).ToList() ?? ["text/csv"],
            RealtimeInstanceTypes = inference?.Instances?.Realtime is { } realtime ? [.. realtime.Select(t => t.Value.Name)] : used,
            TransformInstanceTypes = inference?.Instances?.Transform is { } transform ? [.. transform.Select(t => t.Value.Name)]
                : [.. used.Where(t => InstanceTypes.UsesOf(t).HasFlag(InstanceUse.Transform)).DefaultIfEmpty(DefaultProcessingInstance)],
        };
    }

    private PlannedStage PlanStage(StageSection stage) => new()
    {
        Name = stage.Stage!.Value.Value,
        Approval = stage.Approval?.Value ?? Approval.Automatic,
        Instance = PlanInstance(stage.Realtime?.Instance ?? stage.Async?.Instance, null, DefaultServingInstance),
        Environment = Literals(config.Inference?.Environment).Concat(Literals(stage.Environment))
            .GroupBy(e => e.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal),
        Tests = [.. (stage.Tests ?? []).Select(PlanTest)],
        Place = stage.Stage!.Value.Span,
    };

    private PlannedTest PlanTest(StageTestSection test)
    {
        var latency = (int?)test.MaxLatency?.Value.Time.TotalMilliseconds;
        var command = test.EntryPoint is { } entry ? new ScriptBundle("test", entry.Value, null).Command(Path.GetDirectoryName(entry.Value.Text)!.Replace('\\', '/')) : null;
        return new PlannedTest(
            test.Payload?.Value.Text, test.ContentType?.Value ?? config.Inference?.ContentTypes?[0].Value ?? "text/csv",
            (int)(test.ExpectStatus?.Value ?? 200), latency, command, test.Span);
    }

    private LocalSettings PlanLocal() => new()
    {
        Root = config.Local?.Root?.Value.Text ?? ".mlops",
        Port = (int?)config.Local?.Port?.Value,
        Interpreters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["python3"] = config.Local?.Interpreters?.Python?.Value ?? "python3",
            ["Rscript"] = config.Local?.Interpreters?.R?.Value ?? "Rscript",
        },
    };

    private static PlannedRuntime PlanRuntime(RuntimeSection? runtime) =>
        new(runtime?.Framework?.Value ?? Framework.Custom, runtime?.FrameworkVersion?.Value, runtime?.Image?.Value.Text);

    private static PlannedInstance PlanInstance(InstanceSection? own, InstanceSection? shared, string defaultType) => new(
        own?.Type?.Value.Name ?? shared?.Type?.Value.Name ?? defaultType,
        (int)(own?.Count?.Value ?? shared?.Count?.Value ?? 1),
        own?.Volume?.Value.GiB ?? shared?.Volume?.Value.GiB ?? DefaultVolumeGiB);

    private static Dictionary<string, Template> Map(NamedMap<Template>? map) =>
        (map ?? NamedMap<Template>.Empty).ToDictionary(e => e.Name, e => e.Value!, StringComparer.Ordinal);

    private static Dictionary<string, string> Literals(NamedMap<Template>? map) =>
        Map(map).ToDictionary(e => e.Key, e => Literal(e.Value), StringComparer.Ordinal);

    private static string Literal(Template template) => string.Concat(template.Parts.OfType<LiteralPart>().Select(p => p.Text));
}
