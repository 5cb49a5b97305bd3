using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Endpoints;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Stages;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Toolkits;
using Mlops.Platform.Local.Triggers;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local;

/// <summary>SageMaker's pipelines, registry and endpoints on this machine: no account, no Docker.</summary>
public sealed class LocalPlatform : IPlatform
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(30);

    private readonly LocalRoot root;
    private readonly Workspace workspace;
    private readonly LocalObjectStore objects;
    private readonly LocalPipelines pipelines;
    private readonly LocalStages stages;
    private readonly bool inContainers;
    private readonly IEventSink events;
    private readonly ServerClient server;
    private readonly PythonEnvironments environments;

    private LocalPlatform(LocalRoot root, LocalRegistry registry, ServerProgram server, Workspace workspace, IEventSink events, Func<LocalRoot, IStepStorage>? storage)
    {
        this.root = root;
        this.workspace = workspace;
        this.events = events;
        Registry = registry;
        objects = new LocalObjectStore(root, registry);
        environments = new PythonEnvironments(root, events);
        pipelines = new LocalPipelines(root, registry, objects, environments, events, storage);
        Models = new LocalModels(registry.Models, root, objects);
        inContainers = workspace.Deployment.Local.Sandbox == LocalSettings.ContainerSandbox;
        this.server = new ServerClient(root, server, workspace.Deployment.Local.Port);
        Batches = new LocalBatches(root, registry, objects);
        stages = new LocalStages(root, registry, objects, this.server, Batches, environments, workspace);
    }

    /// <summary>The folder with all that this platform keeps.</summary>
    public string Folder => root.Folder;

    public LocalRegistry Registry { get; }

    /// <summary>Takes away what old runs of a pipeline left.</summary>
    public RunCollector Collector(Workspace workspace) => new(root, Registry, workspace.Deployment, environments.Interpreters(workspace).GetValueOrDefault(PythonEnvironments.Python, ""));

    public IObjectStore Objects => objects;

    /// <summary>The same, as the files that they are.</summary>
    public LocalObjectStore Store => objects;

    public IPipelines Pipelines => pipelines;

    public IModelRegistry Models { get; }

    public IStages Stages => stages;

    public LocalBatches Batches { get; }

    /// <summary>Records through a stage's endpoint.</summary>
    public LocalStream Stream(Stage stage) => new(root, Stages, stage);

    public string Name => PlatformNames.Local;

    public string Caller => $"{Environment.UserName}@{Environment.MachineName}";

    public string ExecutionRole => "arn:aws:iam::000000000000:role/local";

    /// <param name="storage">Makes S3 for the programs of a run; null: they have none.</param>
    public static LocalPlatform Open(Workspace workspace, ServerProgram server, IEventSink events, Func<LocalRoot, IStepStorage>? storage = null)
    {
        var local = workspace.Deployment.Local;
        try
        {
            var root = new LocalRoot(Path.Combine(workspace.Repository, local.Root));
            return new LocalPlatform(root, LocalRegistry.Open(root), server, workspace, events, storage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.DiskError(e.Message).ToException();
        }
    }

    public Task<bool> PrepareAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation, bool wayBack = false)
    {
        this.stages.CheckVersions();
        return Task.FromResult(false);
    }

    public Task CheckServingAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation) =>
        stages.Any(s => s.Endpoint is not null) ? server.CheckPortAsync(cancellation) : Task.CompletedTask;

    public async Task<bool> CloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        var others = scope == CloseScope.Data ? [] : Registry.Endpoints.All().Where(r => !LocalBatches.IsBatchAlone(r)).Select(r => r.Name).ToList();
        if (others.Count > 0)
            events.Add(new Notice($"Kept: the endpoint server, for what other models serve that keep what they have in '{Folder}' ({string.Join(", ", others)}). 'mlops stop' ends it."));
        var stopped = others.Count == 0 && await StopServingAsync(cancellation);
        if (scope == CloseScope.Data)
            return Erase() || stopped;
        events.Add(new Notice($"Kept: registry, runs and artifacts in '{Folder}'. '--all --data {workspace.Deployment.ModelName}' takes them away as well, for good."));
        return stopped;
    }

    public Task CheckCloseAsync(CloseScope scope, CancellationToken cancellation)
    {
        if (scope != CloseScope.Data)
            return Task.CompletedTask;
        var (deployment, others) = (workspace.Deployment, new List<string>());
        others.AddRange(Registry.PipelineNames().Where(p => p != deployment.PipelineName).Select(p => $"the pipeline '{p}'"));
        others.AddRange(Registry.Models.Groups().Where(g => g != deployment.ModelPackageGroupName).Select(g => $"versions of '{g}'"));
        if (others.Count > 0)
            throw LocalErrors.SharedRoot(Folder, others[0]).ToException();
        HoldWatch().Dispose();
        return Task.CompletedTask;
    }

    /// <summary>All that is kept, except for who did what. Returns whether anything was.</summary>
    private bool Erase()
    {
        using var watch = HoldWatch();
        var had = Registry.PipelineNames().Count + Registry.Models.Groups().Count > 0;
        Registry.Dispose();
        root.Erase();
        events.Add(new Notice($"Erased: registry, runs, versions and data in '{Folder}'."));
        return had;
    }

    public bool IsPrepared => true;

    public Task<IReadOnlyList<PlannedChange>> PlanPrepareAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<PlannedChange>>([]);

    public async Task RecordAsync(AuditEntry entry, CancellationToken cancellation)
    {
        try
        {
            await SharedLog.AppendAsync(root.Audit, EventJson.Write(entry, null) + "\n", cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            events.Add(LocalErrors.DiskError(e.Message).AsWarning());
        }
    }

    public Task<IReadOnlyList<AuditEntry>> AuditAsync(int count, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<AuditEntry>>(
        File.Exists(root.Audit) ? [.. File.ReadLines(root.Audit).Reverse().Select(EventJson.Read).OfType<AuditEntry>().Take(count)] : []);

    public Problem? Explain(Exception failure) => failure is IOException or UnauthorizedAccessException ? LocalErrors.DiskError(failure.Message) : null;

    /// <summary>Whose registry images come from.</summary>
    private static string Region => Environment.GetEnvironmentVariable("AWS_REGION") is { Length: > 0 } region ? region : "us-east-1";

    /// <summary>Programs run as they are, whatever the image is called; the name tells a reader so. In containers SageMaker's own image runs.</summary>
    public Task<StoredImage> LocateImageAsync(ImageParameter image, CancellationToken cancellation) => Task.FromResult(new StoredImage(inContainers
        ? image.UriIn(Region, Region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com") ?? throw LocalErrors.NoImage(image.Framework, image.Repository is null ? null : Region).ToException()
        : $"local/{image.Framework}{(image.Version is null ? "" : ":" + image.Version)}", Stored: false));

    /// <summary>The engine fetches what is not there.</summary>
    public Task<StoredImage> PutImageAsync(ImageParameter image, CancellationToken cancellation) => LocateImageAsync(image, cancellation);

    public async Task<IAsyncDisposable> LockAsync(string verb, CancellationToken cancellation, bool now = false)
    {
        DeployLock held;
        try
        {
            held = await DeployLock.TakeAsync(root.Lock, verb, LockPatience, events, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.DiskError(e.Message).ToException();
        }

        try
        {
            Registry.Check();
            new InterruptedRuns(root, Registry, objects, events).Recover();
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>The triggers of a repository; there is at least one.</summary>
    public TriggerWatch Watch(Workspace workspace)
    {
        try
        {
            var watch = new TriggerWatch(workspace, Registry, objects, TimeProvider.System);
            return watch.Watched.Count > 0 ? watch : throw LocalErrors.NothingToWatch().ToException();
        }
        catch (FormatException e)
        {
            throw LocalErrors.WrongSchedule(e.Message).ToException();
        }
    }

    /// <summary>Makes sure that nobody else keeps the triggers of this root, until it is disposed.</summary>
    public IDisposable HoldWatch() => DeployLock.TryOpen(root.WatchLock) ?? throw LocalErrors.WatchedAlready(root.Folder).ToException();

    /// <summary>Stops the endpoint server. Returns false where none ran.</summary>
    public Task<bool> StopServingAsync(CancellationToken cancellation) => server.StopAsync(cancellation);

    public async Task<bool> CopyLogAsync(string name, Stream output, CancellationToken cancellation)
    {
        var logs = LogsOf(name).Where(File.Exists).ToList();
        foreach (var log in logs)
        {
            if (logs.Count > 1)
                await output.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"== {Path.GetRelativePath(root.Folder, log)}\n"), cancellation);
            await using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await file.CopyToAsync(output, cancellation);
        }

        return logs.Count > 0;
    }

    /// <summary>Of a step the newest one; of a stage those of all its processes that wrote something, the newest last.</summary>
    private IEnumerable<string> LogsOf(string name)
    {
        if (workspace.Deployment.Stages.FirstOrDefault(s => s.Name == name) is not { } stage)
            return Registry.Executions.NewestLog(name) is { } newest ? [newest] : [];
        if (stage.Endpoint is null)
            return [root.BatchLog(stage.EndpointName)];
        var folder = root.Endpoint(stage.EndpointName);
        List<string> all = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.log", SearchOption.AllDirectories).Where(f => Path.GetFileName(f).StartsWith("model.", StringComparison.Ordinal)).OrderBy(File.GetLastWriteTimeUtc)] : [];
        return all.Where(f => new FileInfo(f).Length > 0) is var said && said.Any() ? said : all.TakeLast(1);
    }

    /// <summary>Holds a lock of the operating system until disposed; null: another process has it.</summary>
    public static FileStream? TryHold(string path) => DeployLock.TryOpen(path);

    public ValueTask DisposeAsync()
    {
        Registry.Dispose();
        return ValueTask.CompletedTask;
    }
}
