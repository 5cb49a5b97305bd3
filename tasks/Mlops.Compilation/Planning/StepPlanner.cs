using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>Plans steps: each with its inputs resolved and its settings filled in from 'build'.</summary>
internal sealed class StepPlanner(ModelConfig config, string? programAssembly, IReadOnlyDictionary<string, PlannedData> data)
{
    private static readonly string[] SmallIsGood = ["loss", "error", "rmse", "mae", "mse", "mape", "rmsle", "deviance", "nloglik", "perplexity"];

    public const string DefaultInstance = "ml.m5.xlarge";
    /// <summary>What a step that reads data sets in S3 finds in its environment. It is part of what SageMaker's cache compares; the places of the data are, and their content is not.</summary>
    public const string S3DataVariable = "MLOPS_S3_DATA_VERSION";

    private const string DefaultXgboost = "1.7-1";
    private const int DefaultVolumeGiB = 30;
    private static readonly Duration DefaultMaxRuntime = Duration.Parse("1h")!.Value;

    private readonly BuildSection build = config.Build ?? new BuildSection();

    public AnalysisPlanner Analyses => field ??= new AnalysisPlanner(config, this);

    /// <summary>The steps at the top; those of a branch stand in their condition.</summary>
    public IReadOnlyList<PlannedNode> PlanAll()
    {
        var branched = config.Steps.Select(s => s.Section).OfType<ConditionStep>().SelectMany(c => (c.Then ?? []).Concat(c.Else ?? [])).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        return [.. config.Steps.Where(s => !branched.Contains(s.Name)).SelectMany(s => s.Section is CheckDataSection or BiasSection or ExplainSection ? Analyses.Plan(s) : [Plan(s)])];
    }

    private PlannedNode Plan(ConfiguredStep step) => step.Section switch
    {
        NotebookStep notebook => PlanNotebook(step, notebook),
        StepSection code => PlanCode(step, code),
        TransformStep transform => PlanTransform(step, transform),
        LambdaStep lambda => new PlannedQuestion(lambda.Function!.Value.Value.Text, null)
        {
            Name = step.Name,
            Place = step.Place,
            After = After(step),
            Payload = Maps.Of(lambda.Payload),
            Outputs = Answers(step),
            Cache = lambda.Cache?.Value.Duration,
        },
        CallbackStep callback => new PlannedQuestion(null, callback.Queue!.Value.Value)
        {
            Name = step.Name,
            Place = step.Place,
            After = After(step),
            Payload = Maps.Of(callback.Payload),
            Outputs = Answers(step),
            Cache = callback.Cache?.Value.Duration,
        },
        EmrStep emr => new PlannedEmr(emr.Cluster!.Value.Value, emr.Jar!.Value.Value, emr.MainClass?.Value)
        {
            Name = step.Name,
            Place = step.Place,
            After = After(step),
            Arguments = emr.Arguments ?? [],
            Properties = Maps.Of(emr.Properties),
            Cache = emr.Cache?.Value.Duration,
        },
        ConditionStep condition => PlanCondition(step, condition),
        FailStep fail => new PlannedFail(fail.Message!) { Name = step.Name, Place = step.Place, After = After(step) },
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private PlannedStep PlanCode(ConfiguredStep configured, StepSection step)
    {
        var train = step as TrainSection;
        var evaluate = step as EvaluateSection;
        var runtime = train?.Algorithm is { } algorithm ? AlgorithmRuntime(algorithm.Value.Name, step.Runtime) : Runtime(step.Runtime ?? config.Runtime);
        var (inputs, outputs) = (Inputs(step.Inputs), Outputs((step as ProcessingSection)?.Outputs));
        if (evaluate is not null && outputs.TrueForAll(o => o.Name != "report"))
            outputs.Add(new("report", null));
        return new PlannedStep
        {
            Name = configured.Name,
            Place = step.EntryPoint?.Span ?? configured.Place,
            After = After(configured),
            Kind = train is null ? StepKind.Processing : StepKind.Training,
            Runtime = runtime,
            Bundle = step.EntryPoint is { } entry ? PlanBundle(configured.Name, runtime, entry, step.SourceDir?.Value) : null,
            Inputs = inputs,
            Outputs = outputs,
            Report = evaluate is null ? null : evaluate.Report?.Value ?? "evaluation.json",
            Arguments = (step as ProcessingSection)?.Arguments ?? [],
            Environment = Environment(step, inputs),
            Hyperparameters = Maps.Of(train?.Hyperparameters),
            MetricDefinitions = Maps.Literals(train?.Metrics),
            Instance = Instance(step.Instance, build.Instance, DefaultInstance),
            MaxRuntimeSeconds = MaxRuntime(step, isProcessing: train is null),
            Cache = IsOutOfSight(train, inputs) ? null : Cache(step, outputs),
            Retry = Retry(step),
            Spot = train?.Spot is { } spot ? new PlannedSpot(spot.MaxWait!.Value.Value.Seconds, spot.Checkpoints?.Value ?? false) : null,
            Tuning = train?.Tune is { } tune ? Tuning(tune) : null,
        };
    }

    /// <summary>A notebook is run by papermill, which keeps it as it was executed.</summary>
    private PlannedStep PlanNotebook(ConfiguredStep configured, NotebookStep step)
    {
        var entry = step.EntryPoint!.Value.Value;
        var (inputs, outputs) = (Inputs(step.Inputs), Outputs(step.Outputs));
        if (outputs.TrueForAll(o => o.Name != "notebook"))
            outputs.Add(new("notebook", null));
        string[] fixedArguments = [$"/opt/ml/processing/output/notebook/{entry.FileName}", "--kernel", step.Kernel?.Value ?? "python3"];
        return new PlannedStep
        {
            Name = configured.Name,
            Place = step.EntryPoint.Value.Span,
            After = After(configured),
            Kind = StepKind.Processing,
            Runtime = Runtime(step.Runtime ?? config.Runtime),
            Bundle = new ScriptBundle(configured.Name, entry, step.SourceDir?.Value) { Place = step.EntryPoint.Value.Span },
            Inputs = inputs,
            Outputs = outputs,
            Arguments = [.. fixedArguments.Select(Maps.Literal), .. Maps.Of(step.Parameters).SelectMany(p => new[] { Maps.Literal("--parameters"), Maps.Literal(p.Key), p.Value })],
            Environment = Environment(step, inputs),
            Instance = Instance(step.Instance, build.Instance, DefaultInstance),
            MaxRuntimeSeconds = MaxRuntime(step),
            Cache = Cache(step, outputs),
            Retry = Retry(step),
        };
    }

    private PlannedTransform PlanTransform(ConfiguredStep configured, TransformStep step)
    {
        var records = step.Inputs!.First(i => i.Value!.From!.Value.Value != "model");
        var contentType = step.ContentType?.Value ?? config.Inference?.ContentTypes?[0].Value ?? "text/csv";
        return new PlannedTransform
        {
            Name = configured.Name,
            Place = configured.Place,
            After = After(configured),
            Data = Source(records.Value!.From!.Value.Value),
            ContentType = contentType,
            // Answers that are joined to records are read as records are.
            Accept = step.Accept?.Value ?? (step.Join?.Value == Join.Input ? contentType : config.Inference?.ResponseTypes?[0].Value ?? "text/csv"),
            Split = step.Split?.Value ?? Split.None,
            Records = step.Records?.Value ?? Records.Many,
            Join = step.Join?.Value ?? Join.None,
            Filter = step.Filter?.Value.Text,
            OutputFilter = step.OutputFilter?.Value.Text,
            Environment = WithDataVersion(Maps.Of(step.Environment), [new PlannedInput("", Source(records.Value!.From!.Value.Value), null, InputMode.File, DataDistribution.Replicated)]),
            Instance = Instance(step.Instance, build.Instance, DefaultInstance),
            Cache = Cache(step),
            Retry = Retry(step),
        };
    }

    private PlannedCondition PlanCondition(ConfiguredStep configured, ConditionStep step)
    {
        return new PlannedCondition
        {
            Name = configured.Name,
            Place = configured.Place,
            After = After(configured),
            Tests = [.. step.If!.Select(t => new PlannedComparison(
                t.Value!, TemplateTypes.Of(t.Value!, config) ?? ParameterType.String, t.Min?.Value, t.Max?.Value, t.EqualTo?.Value, t.In?.Select(i => i.Value).ToList()))],
            Then = Members(step.Then),
            Else = Members(step.Else),
        };

        List<PlannedNode> Members(IReadOnlyList<Located<string>>? names) =>
            [.. (names ?? []).Select(n => Plan(config.Steps.First(s => s.Name == n.Value)))];
    }

    /// <summary>Losses and errors are to be small, whatever a framework calls them (validation:rmse, eval_loss); other measures large.</summary>
    private static TuningGoal DefaultGoal(string metric) =>
        SmallIsGood.Any(word => metric.Contains(word, StringComparison.OrdinalIgnoreCase)) ? TuningGoal.Minimize : TuningGoal.Maximize;

    private static PlannedTuning Tuning(TuneSection tune)
    {
        var strategy = tune.Strategy?.Value ?? TuningStrategy.Bayesian;
        return new(tune.Objective!.Metric!.Value.Value, tune.Objective.Goal?.Value ?? DefaultGoal(tune.Objective.Metric.Value.Value), strategy,
            strategy == TuningStrategy.Grid ? null : (int)(tune.MaxJobs?.Value ?? TuneSection.DefaultJobs), (int)(tune.MaxParallelJobs?.Value ?? 1), tune.EarlyStopping?.Value ?? false,
            [.. tune.Ranges!.Select(r => new PlannedRange(r.Name, r.Value!.Type?.Value ?? RangeType.Continuous, r.Value.Min?.Value ?? 0, r.Value.Max?.Value ?? 0,
                r.Value.Scale?.Value ?? RangeScale.Auto, r.Value.Values?.Select(v => v.Value).ToList()))]);
    }

    public BundlePlan PlanBundle(string name, PlannedRuntime runtime, Located<RepositoryPath> entryPoint, RepositoryPath? sourceDir) =>
        runtime.Framework == Framework.Dotnet
            ? new ProgramBundle(programAssembly, ProgramBundle.VerbOf(entryPoint.Value)) { Place = entryPoint.Span }
            : new ScriptBundle(name, entryPoint.Value, sourceDir) { Place = entryPoint.Span };

    public InputSource Source(string reference)
    {
        if (reference == "model")
            return new ModelInput();
        if (data.TryGetValue(reference, out var set))
            return new DataInput(set);
        var dot = reference.IndexOf('.', StringComparison.Ordinal);
        var (step, output) = (reference[..dot], reference[(dot + 1)..]);
        return config.Steps.First(s => s.Name == step).Section switch
        {
            TrainSection => new TrainedInput(step),
            TransformStep => new PredictionsInput(step),
            _ => new OutputInput(step, output),
        };
    }

    public static PlannedRuntime Runtime(RuntimeSection? runtime) =>
        new(runtime?.Framework?.Value ?? Framework.Custom, runtime?.FrameworkVersion?.Value, runtime?.PythonVersion?.Value, runtime?.Image?.Value.Text);

    /// <summary>Of the built-in algorithms XGBoost alone has versions to choose from; the others have one image.</summary>
    public static PlannedRuntime AlgorithmRuntime(string algorithm, RuntimeSection? runtime) =>
        new(Framework.Custom, algorithm == Algorithms.Xgboost ? runtime?.FrameworkVersion?.Value ?? DefaultXgboost : null, null, runtime?.Image?.Value.Text, algorithm);

    public static PlannedInstance Instance(InstanceSection? own, InstanceSection? shared, string defaultType) => new(
        own?.Type?.Value.Name ?? shared?.Type?.Value.Name ?? defaultType,
        (int)(own?.Count?.Value ?? shared?.Count?.Value ?? 1),
        own?.Volume?.Value.GiB ?? shared?.Volume?.Value.GiB ?? DefaultVolumeGiB);

    private List<PlannedInput> Inputs(NamedMap<InputSection>? inputs) =>
        [.. (inputs ?? NamedMap<InputSection>.Empty).Select(i => new PlannedInput(i.Name, Source(i.Value!.From!.Value.Value), i.Value.ContentType?.Value,
            i.Value.Mode?.Value ?? InputMode.File, i.Value.Distribution?.Value ?? DataDistribution.Replicated))];

    private static List<PlannedOutput> Outputs(NamedMap<OutputSection>? outputs) =>
        [.. (outputs ?? NamedMap<OutputSection>.Empty).Select(o => new PlannedOutput(o.Name, o.Value?.To?.Value.Text))];

    private static List<(string Name, ParameterType Type)> Answers(ConfiguredStep step) => [.. step.Answers.Select(a => (a.Name, a.Type ?? ParameterType.String))];

    /// <summary>What reads data that is checked waits for the check, and a training for the bias of what it learns: bad data must not be learned from.</summary>
    private List<string> After(ConfiguredStep step)
    {
        List<string> after = [.. (step.Section.After ?? []).Select(a => a.Value)];
        if (build.CheckData?.Data is { } data && step.Section is StepSection && step.Reads.Any(r => r.Value == data.Value) && !after.Contains(ConfiguredStep.CheckData))
            after.Add(ConfiguredStep.CheckData);
        if (step.Section is TrainSection && step.Name == ConfiguredStep.Train && build.Bias is { After: not { Count: > 0 } } bias && IsOfDataAlone(bias.Data!.Value.Value) && AnalysisPlanner.BeforeTraining(bias) is { } measured && !after.Contains(measured))
            after.Add(measured);
        if (step.Name == ConfiguredStep.Postprocess)
            after.AddRange(config.Steps.Where(s => s.Name is ConfiguredStep.Evaluate or ConfiguredStep.Bias or ConfiguredStep.Explain && !after.Contains(s.Name) && !WaitsFor(s.Name, step.Name, [])).Select(s => s.Name));
        return after;
    }

    /// <summary>Whether a step waits for another one, by way of whichever steps.</summary>
    private bool WaitsFor(string step, string other, HashSet<string> seen) =>
        step == other || (seen.Add(step) && Order.TryGetValue(step, out var before) && before.Exists(b => WaitsFor(b.Step, other, seen)));

    private Dictionary<string, List<(string Step, Located<string> Reference)>> Order => field ??= StepOrder.WaitsFor(config);

    /// <summary>Whether a data set, or what the first step makes of data sets: nothing of it can wait for a training.</summary>
    private bool IsOfDataAlone(string source) => config.Data?.Find(source) is not null || (source.StartsWith($"{ConfiguredStep.Preprocess}.", StringComparison.Ordinal)
        && config.Steps.FirstOrDefault(s => s.Name == ConfiguredStep.Preprocess) is { Section.After: not { Count: > 0 } } first && first.Reads.All(r => config.Data?.Find(r.Value) is not null));

    /// <summary>A training may take longer than a processing job: what 'build' says of all steps ends there.</summary>
    public int MaxRuntime(JobSection step, bool isProcessing = true) =>
        Math.Min((step.MaxRuntime?.Value ?? build.MaxRuntime?.Value ?? DefaultMaxRuntime).Seconds, isProcessing ? JobLimits.ProcessingSeconds : int.MaxValue);

    /// <summary>What SageMaker compares of a tuning leaves its environment out ("Default cache key attributes"), and so the version of data in S3: it is cached only where it says so itself.</summary>
    private static bool IsOutOfSight(TrainSection? train, IEnumerable<PlannedInput> inputs) => train is { Tune: not null, Cache: null } && (train.Environment is { Count: > 0 } || train.Secrets is { Count: > 0 } || inputs.Any(ReadsS3));

    /// <summary>What lies where every run writes is that of the last one, whichever that was, and where it lies is no part of a cached step's key: such a step is cached only where it says so itself.</summary>
    private Duration? Cache(JobSection step, IEnumerable<PlannedOutput> outputs) => step.Cache is null && outputs.Any(o => o.To is not null) ? null : Cache(step);

    public Duration? Cache(JobSection step) => step.Cache is { } own ? Kept(own.Value.Duration) : DefaultCache;

    /// <summary>Of a step that says nothing of its own; null: it is not cached.</summary>
    public Duration? DefaultCache => Kept((build.Cache?.Value ?? new CacheLifetime(Duration.Parse("30d"))).Duration);

    /// <summary>No longer than the results that the cache refers to.</summary>
    private Duration? Kept(Duration? cache) => cache is { } wished && config.Aws?.Retention?.Runs?.Value is { } runs && runs.Seconds < wished.Seconds ? runs : cache;

    public PlannedRetry? Retry(JobSection step) => Retry(step.Retry ?? build.Retry);

    /// <summary>Of a step that the compiler makes.</summary>
    public PlannedRetry? DefaultRetry => Retry(build.Retry);

    /// <summary>Of a step that calls the service and starts no job: a job's own faults are none of its ("Supported exception types for retry policies").</summary>
    public PlannedRetry? ServiceRetry => DefaultRetry is { } retry && retry.Errors.Where(e => e is RetryError.Throttling or RetryError.ServiceFault).ToList() is { Count: > 0 } errors ? retry with { Errors = errors } : null;

    private static PlannedRetry? Retry(RetrySection? given) => given is not { } retry ? null : new(
        [.. retry.Errors?.Select(e => e.Value) ?? [RetryError.Throttling, RetryError.ServiceFault]],
        (int)(retry.Attempts?.Value ?? 3), retry.Interval?.Value.Seconds ?? 1, retry.Backoff?.Value ?? 2.0);

    private static bool ReadsS3(PlannedInput input) => input.Source is DataInput { Data.IsInS3: true };

    /// <summary>With the version of the data in S3, where any of it is read.</summary>
    public static Dictionary<string, Template> WithDataVersion(Dictionary<string, Template> environment, IEnumerable<PlannedInput> inputs)
    {
        if (inputs.Any(ReadsS3))
            environment[S3DataVariable] = new Template("", [new ParameterPart(ReservedNames.S3DataVersion)]);
        return environment;
    }

    /// <summary>A secret's variable holds its ARN: the program asks for the value itself.</summary>
    private static Dictionary<string, Template> Environment(StepSection step, IEnumerable<PlannedInput> inputs)
    {
        var environment = Maps.Of(step.Environment);
        foreach (var (name, _, arn) in step.Secrets ?? NamedMap<Given<Arn>>.Empty)
            environment[name] = Maps.Literal(arn!.Value.Text);
        return WithDataVersion(environment, inputs);
    }
}
