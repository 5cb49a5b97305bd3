using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local;

/// <summary>Pipelines and their executions on this machine.</summary>
internal sealed class LocalPipelines(LocalRoot root, LocalRegistry registry, LocalObjectStore objects, PythonEnvironments environments, IEventSink events, Func<LocalRoot, IStepStorage>? storage) : IPipelines
{
    private readonly UnchangedRuns unchanged = new(registry, objects);

    public Task<bool> PutAsync(string name, PipelineDefinition definition, CancellationToken cancellation)
    {
        var text = definition.ToJson().ToJsonString();
        return Task.FromResult(registry.PutPipeline(name, text, Digest.Of(text)));
    }

    /// <summary>Nobody else writes into the registry.</summary>
    public bool WasChangedElsewhere => false;

    public Task<PipelineDefinition?> FindAsync(string name, CancellationToken cancellation) => Task.FromResult(registry.FindPipeline(name));

    public Task<IReadOnlyList<RunListed>> NewestAsync(string name, int count, bool whole, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<RunListed>>([.. new RunHistory(registry).Newest(count, registry.FindPipeline(name) is null ? null : name, DeployLock.IsHeld(root.Lock))]);

    public Task<IReadOnlyList<RunDifference>> CompareAsync(string name, string first, string second, CancellationToken cancellation)
    {
        var history = new RunHistory(registry);
        return Task.FromResult<IReadOnlyList<RunDifference>>([.. history.Compare(history.Find(first), history.Find(second))]);
    }

    public Task<RunPreview> PreviewAsync(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation)
    {
        if (definition.Parameters.Any(p => p.Default is null && !parameters.ContainsKey(p.Name)))
            return Task.FromResult(new RunPreview(null, null)); // Only a run says.
        var fingerprint = unchanged.Fingerprint(definition, ParameterValues(definition, parameters), ProgramSettings.Of(workspace, environments.Interpreters(workspace)));
        return Task.FromResult(new RunPreview(unchanged.Find(workspace, definition, fingerprint, out var reason)?.ModelVersion, reason));
    }

    public async Task<ExecutionResult> RunAsync(Workspace workspace, RunRequest request, CancellationToken cancellation)
    {
        var parameters = request.Parameters;
        var name = workspace.Deployment.PipelineName;
        var definition = registry.FindPipeline(name) ?? throw PlatformErrors.Definition($"the pipeline '{name}' was not published.").ToException();
        var values = ParameterValues(definition, parameters);
        var programs = ProgramSettings.Of(workspace, environments.Interpreters(workspace));
        var fingerprint = unchanged.Fingerprint(definition, values, programs);
        var earlier = request.Selection is { } selection ? EarlierResults.Of(name, definition, selection, registry, objects) : null;
        try
        {
            Refuse(workspace, definition, parameters, earlier);
            if (programs.InContainers)
                _ = ContainerRuntime.Current; // There is one, or nothing begins.
            if (earlier is null && unchanged.Find(workspace, definition, fingerprint, out _) is { } before)
                return Result(workspace, before, ran: false, new Dictionary<string, double>());
            // An image brings its own packages.
            if (!programs.InContainers && EnsurePackages(workspace, definition, programs.Interpreters, earlier))
            {
                programs = programs with { Interpreters = environments.Interpreters(workspace) };
                fingerprint = unchanged.Fingerprint(definition, values, programs);
            }
        }
        catch (DefinitionException e)
        {
            throw PlatformErrors.Definition(e.Message).ToException();
        }

        var isolated = programs.InContainers ? [] : definition.AllSteps.Where(s => JobProgram.AsksIsolation(s.Arguments) && earlier?.Chosen.Contains(s.Name) != false).Select(s => s.Name).ToList();
        if (isolated.Count > 0)
            events.Add(LocalErrors.NotIsolated(isolated));
        var id = NewId();
        // No later run of the whole pipeline is this one.
        registry.Executions.Start(id, name, earlier is null ? fingerprint : "", values);
        events.Add(new ExecutionChanged(name, id, "Executing"));
        var scope = new ExecutionScope(definition, values, Variables(name, id), objects);
        var ended = new EngineResult("Failed", null, "the run was broken off");
        try
        {
            await using var stepStorage = storage?.Invoke(root);
            using var mounts = new MountPool(root.Run(id), id);
            ended = await new Engine(definition, scope, new EngineContext
            {
                ExecutionId = id,
                Root = root,
                Registry = registry,
                Objects = objects,
                Programs = programs,
                Mounts = mounts,
                Environment = Environments(stepStorage, programs),
                Events = events,
                Lineage = Lineage(workspace, definition, values, id, earlier),
                Earlier = earlier,
                MaxParallel = Math.Min(request.MaxParallelSteps ?? workspace.Deployment.MaxParallelExecutionSteps ?? int.MaxValue, Math.Max(2, Environment.ProcessorCount)),
            }).RunAsync(cancellation);
        }
        finally
        {
            // Programs that left their step's group: a container would end them with it.
            ProcessGroup.KillMarked(id);
            registry.Executions.End(id, ended.Status, ended.FailureReason, ended.FailedStep);
        }

        events.Add(new ExecutionChanged(name, id, ended.Status));
        KeepWithinBound(workspace);
        return Result(workspace, registry.Executions.Find(id)!, ran: true, GateValues(workspace, scope, values)) with { SourceExecutionId = earlier?.Source };
    }

    /// <summary>What runs leave would else fill the disk. A run that ended well has, whatever becomes of old ones.</summary>
    private void KeepWithinBound(Workspace workspace)
    {
        try
        {
            var python = environments.Interpreters(workspace).GetValueOrDefault(PythonEnvironments.Python, "");
            var freed = new RunCollector(root, registry, workspace.Deployment, python).Bound(workspace.Deployment.Local.KeepRuns ?? LocalSettings.DefaultKeepRuns);
            if (freed > 0)
                events.Add(new Notice($"Old runs were taken away ({RunCollector.Shown(freed)}): 'local.keep_runs' says how many stay."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            events.Add(LocalErrors.DiskError(e.Message).AsWarning());
        }
        catch (PlatformException e)
        {
            events.Add(e.Problem.AsWarning());
        }
    }

    /// <summary>Refuses what cannot be run here before anything starts: all of it, each at its place.</summary>
    private void Refuse(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters, EarlierResults? earlier)
    {
        _ = new StepGraph(definition);
        var problems = StepPreview.Of(definition, workspace.Deployment.Local, parameters).Where(s => s.Problem is not null && earlier?.Chosen.Contains(s.Name) != false).Select(s => workspace.At(s.Problem!, s.Name)).ToList();
        events.ThrowIfAny(problems);
    }

    /// <summary>What every job's program finds. In a container this machine's loopback may have another name.</summary>
    private static IReadOnlyDictionary<string, string> Environments(IStepStorage? storage, ProgramSettings programs)
    {
        var environment = storage?.Environment ?? new Dictionary<string, string>();
        return programs.InContainers ? environment.ToDictionary(e => e.Key, e => e.Value.Replace("127.0.0.1", ContainerRuntime.HostName, StringComparison.Ordinal), StringComparer.Ordinal) : environment;
    }

    /// <summary>Refuses programs that would fail at an import. Returns true where an environment was made for them.</summary>
    private bool EnsurePackages(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> interpreters, EarlierResults? earlier)
    {
        if (RPackages.Missing(workspace, interpreters) is { } lacking)
            throw lacking.ToException();
        var others = StepPreview.Of(definition, workspace.Deployment.Local, new Dictionary<string, string>()).Where(s => s.Packages.Count > 0 && earlier?.Chosen.Contains(s.Name) != false).Select(s => (s.Name, s.Packages)).ToList();
        if (PythonPackages.Missing(workspace, interpreters, others) is not { } problem)
            return false;
        // Made of the same requirements.txt it would be the same again.
        if (PythonEnvironments.IsMade(interpreters.GetValueOrDefault(PythonEnvironments.Python, PythonEnvironments.Python)))
            throw problem.ToException();
        if (!environments.TryMake(workspace, out var reason))
            throw (reason.Length == 0 ? problem : problem with { Message = $"{problem.Message} An environment of requirements.txt could not be made: {reason}" }).ToException();
        if (PythonPackages.Missing(workspace, environments.Interpreters(workspace), others) is not { } left)
            return true;
        // It does not help: with the interpreter that was there, steps that ran need not run again.
        environments.Delete(workspace);
        throw left.ToException();
    }

    private static JsonObject ParameterValues(PipelineDefinition definition, IReadOnlyDictionary<string, string> given)
    {
        var values = new JsonObject();
        foreach (var parameter in definition.Parameters)
        {
            values[parameter.Name] = given.TryGetValue(parameter.Name, out var text) ? parameter.Read(text)
                : parameter.Default?.DeepClone() ?? throw LocalErrors.NoParameterValue(parameter.Name).ToException();
        }

        return values;
    }

    private static JsonObject Variables(string pipeline, string id)
    {
        var now = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var arn = LocalArn.Of("pipeline", pipeline);
        return new JsonObject
        {
            ["PipelineName"] = pipeline,
            ["PipelineArn"] = arn,
            ["PipelineExecutionId"] = id,
            ["PipelineExecutionArn"] = $"{arn}/execution/{id}",
            ["StartDateTime"] = now,
            ["CurrentDateTime"] = now,
        };
    }

    /// <summary>Of a selective execution what its chosen steps use, and the execution that it went on from.</summary>
    private static List<string> Lineage(Workspace workspace, PipelineDefinition definition, JsonObject values, string id, EarlierResults? earlier)
    {
        var used = earlier is null ? null : StepSelection.Parameters(definition, earlier.Steps);
        return
        [
            $"execution:{id}",
            .. earlier?.Source is { } source ? new[] { $"execution:{source}" } : [],
            .. workspace.Deployment.Sources.Where(s => earlier is null || StepSelection.Names(definition, earlier.Steps, s.Key)).Select(s => $"code:{s.Sha256}").Distinct(StringComparer.Ordinal),
            .. workspace.Deployment.Data.Where(d => used?.Contains(d.Parameter) != false).Select(d => $"data:{d.Name}@{values[d.Parameter]}"),
        ];
    }

    /// <summary>What the gates looked at: values of the report by path, limits of the baselines by parameter.</summary>
    private static Dictionary<string, double> GateValues(Workspace workspace, ExecutionScope scope, JsonObject values)
    {
        var gates = workspace.Deployment.Gates;
        var reported = scope.ReportedMetrics(_ => true);

        var found = gates.Where(g => reported.ContainsKey(g.Path)).ToDictionary(g => g.Path, g => reported[g.Path], StringComparer.Ordinal);
        foreach (var baseline in gates.SelectMany(g => g.Baselines))
            found[baseline.Parameter] = Json.Number(values[baseline.Parameter]) ?? 0;
        return found;
    }

    private ExecutionResult Result(Workspace workspace, ExecutionRow row, bool ran, IReadOnlyDictionary<string, double> gateValues)
    {
        var log = row.FailedStep is null ? null : registry.Executions.Steps(row.Id).FirstOrDefault(s => s.Name == row.FailedStep)?.Log;
        return new ExecutionResult(row.Id, row.Status, row.FailureReason, row.ModelVersion, ran)
        {
            GateValues = gateValues,
            FailedStep = row.FailedStep,
            Log = log is null || !File.Exists(log) ? null : Path.GetRelativePath(workspace.Repository, log),
        };
    }

    /// <summary>As SageMaker's: twelve lower-case letters and digits.</summary>
    private static string NewId() => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 12);
}
