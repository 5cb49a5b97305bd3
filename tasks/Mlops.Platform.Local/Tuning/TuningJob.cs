using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Tuning;

/// <summary>A Tuning step: trainings with hyperparameters that a strategy chooses, several at a time; the best one's model goes on (CreateHyperParameterTuningJob).</summary>
internal static class TuningJob
{
    private sealed record Ended(int Number, double[] Place, IReadOnlyDictionary<string, string> Values, StepOutcome Outcome, double? Objective, string JobName)
    {
        /// <summary>Ended before its time: its last value guides the search, and its model is none.</summary>
        public bool IsStopped { get; init; }
    }

    /// <summary>1: the objective is made small; -1: large.</summary>
    private static int Sign(JsonNode? type) => Json.Text(type) switch
    {
        "Minimize" => 1,
        "Maximize" => -1,
        var other => throw new DefinitionException($"The objective's Type is Minimize or Maximize, and here it is '{other}'."),
    };

    /// <summary>Trainings are called TUNING-001 and so on.</summary>
    public static bool IsNameOfTraining(string tuning, string name) => name.StartsWith(tuning + "-", StringComparison.Ordinal) && name[(tuning.Length + 1)..] is { Length: 3 or 4 } number && number.All(char.IsAsciiDigit);

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        var first = step.OnStart;
        var config = step.Arguments["HyperParameterTuningJobConfig"] ?? throw new DefinitionException($"'{step.Step.Name}' has no HyperParameterTuningJobConfig.");
        var definition = step.Arguments["TrainingJobDefinition"] as JsonObject ?? throw new DefinitionException($"'{step.Step.Name}' has no TrainingJobDefinition.");
        var space = SearchSpace.Of(config["ParameterRanges"]);
        var objective = config["HyperParameterTuningJobObjective"];
        var (metric, sign) = (Json.Text(objective?["MetricName"]), Sign(objective?["Type"]));
        var limits = new TuningLimits(config, sign);
        var parallel = Math.Clamp(limits.AtOnce, 1, step.Execution.MaxParallel);
        var stopping = Json.Text(config["TrainingJobEarlyStoppingType"]) == "Auto" ? new EarlyStopping(sign) : null;
        var search = Search(Json.Text(config["Strategy"]), space, new Random(Seed(config)));

        // A step has one process on record; the others are found by what marks all of an execution.
        var onRecord = 0;
        step = step with { OnStart = Record };
        var running = new Dictionary<Task<Ended>, double[]>();
        var ended = new List<Ended>();
        var started = 0;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (limits.Runtime is { } runtime)
            time.CancelAfter(runtime);
        try
        {
            while (true)
            {
                while (started < limits.Trials && running.Count < parallel && limits.Completed is null && !time.IsCancellationRequested && search.Next(Trials()) is { } place)
                    running.Add(TrainAsync(step, definition, ++started, place, space.At(place), metric, stopping, time.Token, cancellation), place);
                if (running.Count == 0)
                    break;
                var done = await Task.WhenAny(running.Keys);
                running.Remove(done);
                ended.Add(await done);
                if (ended[^1] is { Objective: { } reached, IsStopped: false })
                    limits.Complete(reached);
                await File.AppendAllTextAsync(step.Log, Line(ended[^1]), CancellationToken.None);
                if (ended[^1] is { Objective: { } value, IsStopped: false } trial)
                    step.Events.Add(new MetricMeasured(step.Step.Name, metric, value));
                else
                    step.Events.Add(new Notice($"{ended[^1].JobName}: {ended[^1].Outcome.FailureReason ?? $"the log has no '{metric}'"}"));
            }
        }
        finally
        {
            // Whatever ends the search, no training outlives it.
            if (running.Count > 0)
            {
                await time.CancelAsync();
                await ((Task)Task.WhenAll(running.Keys)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        cancellation.ThrowIfCancellationRequested();
        if (limits.Completed is { } why)
            step.Events.Add(new Notice($"{step.Step.Name}: {why}; {started} trainings of at most {limits.Trials} were started"));
        else if (time.IsCancellationRequested)
            step.Events.Add(new Notice(FormattableString.Invariant($"{step.Step.Name}: ended after {limits.Runtime!.Value.TotalSeconds} s (MaxRuntimeInSeconds of the tuning); {started} trainings of at most {limits.Trials} were started")));
        var ranked = ended.Where(t => t is { Objective: not null, IsStopped: false }).OrderBy(t => sign * t.Objective!.Value).ThenBy(t => t.Number).ToList();
        return ranked.Count > 0 ? Outcome(step, ranked, ended, metric)
            : StepOutcome.Failed($"none of {ended.Count} trainings came to a value of '{metric}'. {ended.FirstOrDefault()?.Outcome.FailureReason}".TrimEnd());

        void Record(ProcessIdentity process)
        {
            if (Interlocked.Exchange(ref onRecord, 1) == 0)
                first(process);
        }

        List<Trial> Trials() => [.. ended.Where(t => t.Objective is not null).Select(t => new Trial(t.Place, sign * t.Objective!.Value)), .. running.Values.Select(p => new Trial(p, null))];
    }

    /// <summary>Finds before a run what would end it after its trainings.</summary>
    /// <exception cref="DefinitionException">Ranges or a strategy that do not go, or an objective that no log will show.</exception>
    public static void Check(JsonObject arguments)
    {
        var config = arguments["HyperParameterTuningJobConfig"];
        if (config?["HyperParameterTuningJobObjective"] is not JsonObject objective || objective["MetricName"] is null)
            throw new DefinitionException("HyperParameterTuningJobConfig has no HyperParameterTuningJobObjective with a MetricName: nothing would say which training is the best.");
        if (objective["Type"] is null or JsonValue)
            _ = Sign(objective["Type"]);
        if (config["ParameterRanges"] is not JsonObject ranges || ranges.All(r => r.Value is not JsonArray { Count: > 0 }))
            throw new DefinitionException("HyperParameterTuningJobConfig has no ParameterRanges: there is nothing to tune.");
        // What a run computes is not known yet.
        if (!Expression.References(config["ParameterRanges"]).Concat(Expression.References(config["Strategy"])).Any())
            _ = Search(Json.Text(config?["Strategy"]), SearchSpace.Of(config?["ParameterRanges"]), new Random(0));
        var job = arguments["TrainingJobDefinition"];
        var metric = config?["HyperParameterTuningJobObjective"]?["MetricName"];
        // An image or a metric that a run names is not known yet.
        if (metric is not JsonValue || Expression.References(job?["AlgorithmSpecification"]).Any() || BuiltInAlgorithms.XgboostVersion(Json.Text(job?["AlgorithmSpecification"]?["TrainingImage"] as JsonValue)) is not null)
            return;
        var defined = Json.Objects(job?["AlgorithmSpecification"]?["MetricDefinitions"]).Select(d => Json.Text(d["Name"])).ToList();
        if (!defined.Contains(metric.ToString()))
            throw new DefinitionException($"its objective '{metric}' is none of its MetricDefinitions ({(defined.Count == 0 ? "there are none" : string.Join(", ", defined))}): no training would come to a value.");
    }

    private static ISearch Search(string strategy, SearchSpace space, Random random) => strategy switch
    {
        "Grid" => new GridSearch(space),
        "Bayesian" => new BayesianSearch(space, random),
        // Hyperband draws at random as well, and ends trainings early, which saves time and finds the same.
        "Random" or "Hyperband" => new RandomSearch(space, random),
        _ => throw new DefinitionException($"The tuning strategy '{strategy}' is not known."),
    };

    /// <summary>The same search, the same trials: the seed that the configuration gives, or one that it makes.</summary>
    private static int Seed(JsonNode config) => (int)(Json.Number(config["RandomSeed"]) ?? int.Parse(Digest.Of(Json.Canonical(config["ParameterRanges"]))[..7], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static async Task<Ended> TrainAsync(StepContext step, JsonObject definition, int number, double[] place, IReadOnlyDictionary<string, string> values, string metric, EarlyStopping? stopping, CancellationToken time, CancellationToken cancellation)
    {
        var arguments = (JsonObject)definition.DeepClone();
        var hyperparameters = arguments["StaticHyperParameters"]?.DeepClone() as JsonObject ?? [];
        arguments.Remove("StaticHyperParameters");
        foreach (var (name, value) in values)
            hyperparameters[name] = value;
        // As the service tells every algorithm what is looked for.
        hyperparameters["_tuning_objective_metric"] = metric;
        arguments["HyperParameters"] = hyperparameters;
        // Either says on what each runs; the second may list choices, of which the first is as good as any here.
        if (arguments["HyperParameterTuningResourceConfig"] is JsonObject resources)
            arguments["ResourceConfig"] = (Json.Objects(resources["InstanceConfigs"]).FirstOrDefault() ?? resources).DeepClone();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(time);
        double? last = null;
        var trial = step with { Step = step.Step with { Name = string.Create(CultureInfo.InvariantCulture, $"{step.Step.Name}-{number:000}") }, Arguments = arguments, OnMetric = Look };
        Files.Delete(trial.Folder); // Of a try before.
        // Each has checkpoints of its own: they run side by side, and with other values.
        if (arguments["CheckpointConfig"] is JsonObject checkpoints)
            checkpoints["S3Uri"] = $"{Json.Text(checkpoints["S3Uri"]).TrimEnd('/')}/{trial.JobName}";
        try
        {
            // "RetryStrategy": after faults that are not the program's own.
            StepFault? fault = null;
            var outcome = await TrainingJob.RunAsync(trial with { OnFault = f => fault = f }, ending.Token);
            for (var left = Json.Number(definition["RetryStrategy"]?["MaximumRetryAttempts"]) ?? 0; left > 0 && outcome.FailureReason is not null && fault == StepFault.Internal; left--)
            {
                (fault, last) = (null, null);
                Files.Delete(trial.Folder);
                outcome = await TrainingJob.RunAsync(trial with { OnFault = f => fault = f }, ending.Token);
            }

            if (outcome.FailureReason is null)
                stopping?.Complete(number);
            return new Ended(number, place, values, outcome, outcome.FailureReason is null && outcome.Metrics.TryGetValue(metric, out var found) ? found : null, trial.JobName);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Ended(number, place, values, StepOutcome.Failed(time.IsCancellationRequested ? "stopped: the tuning's time was over" : string.Create(CultureInfo.InvariantCulture, $"stopped early at {metric} = {last:G6}")), last, trial.JobName) { IsStopped = true };
        }
        catch (Exception e) when (e is PlatformException or DefinitionException or IOException or UnauthorizedAccessException)
        {
            // One that could not be carried out is one that failed: the others go on.
            return new Ended(number, place, values, StepOutcome.Failed(e.Message), null, trial.JobName);
        }
        finally
        {
            TakeAway(trial); // With copies of all inputs, of each training.
        }

        void Look(string name, double value)
        {
            if (name != metric)
                return;
            last = value;
            if (stopping?.Report(number, value) == true)
                ending.Cancel();
        }
    }

    private static void TakeAway(StepContext trial)
    {
        try
        {
            Files.Delete(trial.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What it came to does not depend on it.
            trial.Events.Add(new Notice($"The folders of '{trial.Step.Name}' stay in '{trial.Folder}': {e.Message}"));
        }
    }

    /// <summary>A line of the step's own log; each training has a log beside it.</summary>
    private static string Line(Ended trial) => string.Create(CultureInfo.InvariantCulture,
        $"{trial.JobName}: {(trial is { Objective: { } value, IsStopped: false } ? $"{value:G6}" : trial.Outcome.FailureReason?.Split('\n')[0] ?? "no objective")}  {string.Join(", ", trial.Values.Select(v => $"{v.Key} {v.Value}"))}\n");

    private static StepOutcome Outcome(StepContext step, List<Ended> ranked, List<Ended> all, string metric)
    {
        var properties = (JsonObject)step.Arguments.DeepClone();
        properties["HyperParameterTuningJobName"] = step.JobName;
        properties["HyperParameterTuningJobArn"] = LocalArn.Of("hyper-parameter-tuning-job", step.JobName);
        properties["HyperParameterTuningJobStatus"] = "Completed";
        properties["TrainingJobSummaries"] = new JsonArray([.. ranked.Select(Summary)]);
        properties["BestTrainingJob"] = Summary(ranked[0]);
        properties["TrainingJobStatusCounters"] = new JsonObject { ["Completed"] = ranked.Count, ["Stopped"] = all.Count(t => t.IsStopped), ["NonRetryableError"] = all.Count(t => t.Objective is null) };
        // Beside what Describe has: where the model is that a cache must find again.
        var model = ranked[0].Outcome.Properties["ModelArtifacts"]!["S3ModelArtifacts"]!;
        properties["ModelArtifacts"] = new JsonObject { ["S3ModelArtifacts"] = model.DeepClone() };
        return new StepOutcome(properties)
        {
            Metrics = ranked[0].Outcome.Metrics,
            Objects = [step.Objects.Describe(Json.Text(model))],
        };

        JsonObject Summary(Ended trial) => new()
        {
            ["TrainingJobName"] = trial.JobName,
            ["TrainingJobArn"] = LocalArn.Of("training-job", trial.JobName),
            ["TrainingJobStatus"] = "Completed",
            ["TunedHyperParameters"] = new JsonObject(trial.Values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)JsonValue.Create(v.Value)))),
            ["FinalHyperParameterTuningJobObjectiveMetric"] = new JsonObject { ["MetricName"] = metric, ["Value"] = trial.Objective },
        };
    }
}
