using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Tuning;

namespace Mlops.Platform.Local.Execution;

/// <summary>How an execution ended.</summary>
/// <param name="Status">Succeeded, Failed or Stopped.</param>
internal sealed record EngineResult(string Status, string? FailedStep, string? FailureReason);

/// <summary>Runs a pipeline definition: steps as soon as what they wait for is done, several at a time, each recorded and cached.</summary>
internal sealed class Engine
{
    /// <summary>Of why a step runs again.</summary>
    private const int MostReasons = 3;

    private readonly PipelineDefinition definition;
    private readonly StepGraph graph;
    private readonly ExecutionScope scope;
    private readonly ExpressionEvaluator expressions;
    private readonly EngineContext context;
    private readonly Dictionary<string, StepState> states;

    /// <summary>Those that wait for a step, by its name; and for how many each still waits.</summary>
    private readonly ILookup<string, PipelineStep> followers;
    private readonly Dictionary<string, int> open;

    /// <summary>Steps that may start, in the document's order.</summary>
    private readonly PriorityQueue<PipelineStep, int> ready = new();
    private readonly Dictionary<string, int> places;

    public Engine(PipelineDefinition definition, ExecutionScope scope, EngineContext context)
    {
        this.definition = definition;
        this.scope = scope;
        this.context = context;
        graph = new StepGraph(definition);
        expressions = new ExpressionEvaluator(scope);
        states = definition.AllSteps.ToDictionary(s => s.Name, _ => StepState.Waiting, StringComparer.Ordinal);
        foreach (var nested in definition.Steps.SelectMany(s => s.WithNested().Skip(1)))
            states[nested.Name] = StepState.NotChosen;
        var all = definition.AllSteps.ToList();
        places = all.Select((s, i) => (s.Name, i)).ToDictionary(s => s.Name, s => s.i, StringComparer.Ordinal);
        foreach (var step in context.Earlier is { } earlier ? all.Where(s => !earlier.Chosen.Contains(s.Name)) : [])
            states[step.Name] = context.Earlier!.Properties.ContainsKey(step.Name) ? StepState.Succeeded : StepState.NotChosen;
        open = all.ToDictionary(s => s.Name, s => graph.WaitsFor(s.Name).Count(w => states[w] != StepState.Succeeded), StringComparer.Ordinal);
        followers = all.SelectMany(s => graph.WaitsFor(s.Name).Select(on => (On: on, Step: s))).ToLookup(p => p.On, p => p.Step, StringComparer.Ordinal);
        foreach (var step in all)
            Offer(step);
    }

    private enum StepState
    {
        /// <summary>In a branch of a condition that has not been decided, or was decided otherwise.</summary>
        NotChosen,
        Waiting,

        /// <summary>In the execution that this one goes on from.</summary>
        Succeeded,
    }

    /// <summary>Whether a step does work that is worth keeping: it may be cached, and has a log.</summary>
    public static bool IsJob(string type) => StepTypes.RunsJob(type) || StandIn.IsNeeded(type);

    public async Task<EngineResult> RunAsync(CancellationToken cancellation)
    {
        var running = new Dictionary<Task<StepOutcome>, PipelineStep>();
        EngineResult? failed = null;
        ExceptionDispatchInfo? broken = null;
        if (context.Earlier is { } earlier)
            GoOnFrom(earlier);
        while (true)
        {
            if (failed is null && !cancellation.IsCancellationRequested)
            {
                while (running.Count < context.MaxParallel && ready.TryDequeue(out var step, out _))
                {
                    running.Add(Task.Run(() => RunStepAsync(step, cancellation), CancellationToken.None), step);
                }
            }

            if (running.Count == 0)
                break;
            var done = await Task.WhenAny(running.Keys);
            running.Remove(done, out var ended);
            try
            {
                var outcome = await done;
                if (outcome.FailureReason is { } reason)
                    failed ??= new EngineResult("Failed", ended!.Name, reason);
                else
                    Follow(ended!, outcome);
            }
            catch (PlatformException e)
            {
                // The registry could not take the step's end: the others are awaited, and nothing new starts.
                failed ??= new EngineResult("Failed", ended!.Name, e.Message);
            }
            catch (OperationCanceledException)
            {
                failed ??= new EngineResult("Stopped", ended!.Name, "stopped");
            }
            catch (Exception e)
            {
                // A defect, or a disk that takes nothing: what the others write to must stay until they have ended.
                failed ??= new EngineResult("Failed", ended!.Name, e.Message);
                broken ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        broken?.Throw();
        if (failed is null && !cancellation.IsCancellationRequested)
            TellOfUnreached();
        return failed ?? (cancellation.IsCancellationRequested ? new EngineResult("Stopped", null, "stopped") : new EngineResult("Succeeded", null, null));
    }

    /// <summary>Steps outside of branches that wait for what a condition did not let run: they are never begun.</summary>
    private void TellOfUnreached()
    {
        foreach (var step in definition.AllSteps.Where(s => states[s.Name] == StepState.Waiting && open[s.Name] > 0))
            context.Events.Add(new Notice($"{step.Name}: not run, as '{graph.WaitsFor(step.Name).First(w => states[w] == StepState.NotChosen || open[w] > 0)}', which it waits for, was not."));
    }

    /// <summary>Of a selective execution: what the chosen steps need of the others has its earlier result.</summary>
    private void GoOnFrom(EarlierResults earlier)
    {
        foreach (var step in definition.AllSteps.Where(s => earlier.Properties.ContainsKey(s.Name)))
        {
            var (start, properties) = (new StepStart(step.Name, step.Type, DateTimeOffset.UtcNow, null, null, null), earlier.Properties[step.Name]);
            context.Registry.Executions.EndStep(context.ExecutionId, start, "Succeeded", properties, null, earlier.Source, context.Registry.Executions.Metrics(earlier.Source!, step.Name), []);
            scope.Finished(step.Name, properties);
            context.Events.Add(new StepChanged(step.Name, step.Type, "Succeeded", 0, Cached: true, Detail: $"not chosen, taken from execution {earlier.Source}"));
        }
    }

    /// <summary>The steps that waited for this one.</summary>
    private void Follow(PipelineStep step, StepOutcome outcome)
    {
        if (step.Type == StepTypes.Condition)
            Choose(step, outcome);
        foreach (var follower in followers[step.Name])
        {
            open[follower.Name]--;
            Offer(follower);
        }
    }

    private void Offer(PipelineStep step)
    {
        if (open[step.Name] == 0 && states[step.Name] == StepState.Waiting)
            ready.Enqueue(step, places[step.Name]);
    }

    private void Choose(PipelineStep condition, StepOutcome outcome)
    {
        foreach (var step in outcome.Properties["Outcome"]?.ToString() == "True" ? condition.IfSteps : condition.ElseSteps)
            states[step.Name] = StepState.Waiting;
    }

    private async Task<StepOutcome> RunStepAsync(PipelineStep step, CancellationToken cancellation)
    {
        var (executions, id) = (context.Registry.Executions, context.ExecutionId);
        var clock = Stopwatch.StartNew();
        var start = new StepStart(step.Name, step.Type, DateTimeOffset.UtcNow, null, null, null);
        StepContext? job = null;
        try
        {
            job = ContextOf(step, process => executions.StartStep(id, start, process.ToString()));
            // What parameters ask for is known only now.
            if (NotHere.Of(step with { Arguments = job.Arguments }) is { } asked)
                throw LocalErrors.NotDoneHere(step.Name, asked).ToException();
            var isJob = IsJob(step.Type);
            if (isJob)
            {
                var content = StepFingerprint.ContentOf(job, step.Type == StepTypes.Transform ? scope.Model(Json.Text(job.Arguments["ModelName"])) : null);
                start = start with { CacheKey = step.Cache is { Enabled: true } ? Digest.Of(content) : null, Content = content, Log = job.Log };
            }

            // A step that was chosen runs.
            if (start.CacheKey is not null && context.Earlier is null && FindCached(step, start.CacheKey) is { } cached)
            {
                var metrics = executions.Metrics(cached.ExecutionId, cached.Name);
                executions.EndStep(id, start, "Succeeded", cached.Properties, null, cached.ExecutionId, metrics, []);
                scope.Finished(step.Name, cached.Properties);
                context.Events.Add(new StepChanged(step.Name, step.Type, "Succeeded", clock.Elapsed.TotalSeconds, Cached: true));
                return new StepOutcome(cached.Properties) { Metrics = metrics };
            }

            context.Events.Add(new StepChanged(step.Name, step.Type, "Executing", Detail: context.Earlier is not null ? "chosen" : start.Content is { } now ? WhyAgain(step, now) : null));
            var outcome = await TryAsync(job, cancellation);
            if (outcome.FailureReason is null)
                scope.Finished(step.Name, outcome.Properties);
            End(start, outcome.FailureReason is null ? "Succeeded" : "Failed", outcome, clock);
            return outcome;
        }
        catch (OperationCanceledException)
        {
            End(start, "Stopped", StepOutcome.Failed("stopped"), clock);
            throw;
        }
#pragma warning disable CA1031 // Whatever a document or a disk can cause ends its step, and not the watch over the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var outcome = StepOutcome.Failed(e switch
            {
                DefinitionException or PlatformException => e.Message,
                IOException or UnauthorizedAccessException => LocalErrors.DiskError(e.Message).Message,
                _ => $"{e.GetType().Name}: {e.Message}",
            });
            End(start, "Failed", outcome, clock);
            return outcome;
        }
        finally
        {
            if (job is not null && IsJob(step.Type))
                Keep(job);
        }
    }

    /// <summary>Carries a step out, again where it failed by a fault that its retry policies name.</summary>
    private async Task<StepOutcome> TryAsync(StepContext job, CancellationToken cancellation)
    {
        var retries = new StepRetries(job.Step, TimeProvider.System);
        while (true)
        {
            StepFault? fault = null;
            var (outcome, error) = (default(StepOutcome), default(PlatformException));
            try
            {
                outcome = await CarryOutAsync(job with { OnFault = f => fault = f }, cancellation);
            }
            catch (PlatformException e) when (fault is not null)
            {
                error = e;
            }

            if (outcome is { FailureReason: null } || fault is not { } named || retries.Next(named) is not { } pause)
                return outcome ?? throw error!;
            context.Events.Add(new StepChanged(job.Step.Name, job.Step.Type, "Executing", Detail: string.Create(CultureInfo.InvariantCulture, $"in {pause.TotalSeconds} s, after {named.Name}: {outcome?.FailureReason ?? error!.Message}")));
            await Task.Delay(pause, cancellation);
            Files.Delete(job.Folder);
        }
    }

    private StepContext ContextOf(PipelineStep step, Action<ProcessIdentity> onStart)
    {
        var own = new ExpressionEvaluator(new JobScope(scope, StepContext.JobNameOf(context.ExecutionId, step.Name)));
        return new()
        {
            Execution = context,
            Step = step,
            // A condition's values are computed one by one, as far as they are needed.
            Arguments = step.Type == StepTypes.Condition ? step.Arguments : (JsonObject)own.Evaluate(step.Arguments)!,
            OnStart = onStart,
            Evaluate = own.Evaluate,
        };
    }

    private async Task<StepOutcome> CarryOutAsync(StepContext step, CancellationToken cancellation) => step.Step.Type switch
    {
        StepTypes.Processing => await ProcessingJob.RunAsync(step, cancellation),
        StepTypes.Training => await TrainingJob.RunAsync(step, cancellation),
        StepTypes.Tuning => await TuningJob.RunAsync(step, cancellation),
        StepTypes.Transform => await TransformJob.RunAsync(step, scope.Model(Json.Text(step.Arguments["ModelName"])), cancellation),
        StepTypes.QualityCheck or StepTypes.ClarifyCheck => await CheckJob.RunAsync(step, cancellation),
        StepTypes.Condition => new StepOutcome(new JsonObject { ["Outcome"] = new ConditionEvaluator(expressions).AllHold(step.Arguments) ? "True" : "False" }),
        StepTypes.Fail => StepOutcome.Failed(Json.Text(step.Arguments["ErrorMessage"])),
        StepTypes.Model => RegisterModelStep.CreateModel(step),
        StepTypes.RegisterModel => RegisterModelStep.Register(step, scope.ReportedMetrics(graph.WaitsForAll(step.Step.Name).Contains), context.Lineage),
        _ => await StandIn.RunAsync(step, cancellation),
    };

    /// <summary>Why a step that succeeded before runs again; null: it never did, or it is never cached.</summary>
    private string? WhyAgain(PipelineStep step, string content)
    {
        if (step.Cache is not { Enabled: true } || context.Registry.Executions.LastContent(context.ExecutionId, step.Name) is not { } last)
            return null;
        var changes = ContentChange.Between(last, content);
        return changes.Count == 0 ? "its cached result has expired or is gone" : string.Join(", ", changes.Take(MostReasons)) + (changes.Count > MostReasons ? ", ..." : "");
    }

    private CachedStep? FindCached(PipelineStep step, string key)
    {
        var lifetime = step.Cache!.Lifetime();
        var cached = context.Registry.Executions.FindCached(key, lifetime is { } time ? DateTimeOffset.UtcNow - time : null);
        return cached is not null && new CachedResults(context.Registry, context.Objects).AreThere(cached) ? cached : null;
    }

    private void End(StepStart step, string status, StepOutcome outcome, Stopwatch clock)
    {
        context.Registry.Executions.EndStep(context.ExecutionId, step, status, status == "Succeeded" ? outcome.Properties : null, outcome.FailureReason, null, outcome.Metrics, outcome.Objects);
        context.Events.Add(new StepChanged(step.Name, step.Type, status, clock.Elapsed.TotalSeconds, Detail: outcome.FailureReason));
    }

    /// <summary>The folders of the last run of a step stay, so that a debugger can start on the same inputs.</summary>
    private static void Keep(StepContext step)
    {
        try
        {
            if (Directory.Exists(step.Folder))
                Files.Replace(step.Folder, step.Root.Last(step.Step.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A debugger may be at work in the last one: the step's result does not depend on it.
            step.Events.Add(new Notice($"The folders of '{step.Step.Name}' stay in '{step.Folder}': {e.Message}"));
        }
    }
}
