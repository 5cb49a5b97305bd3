using Amazon.SageMaker;
using Amazon.SageMaker.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>The pipeline in SageMaker, and its executions.</summary>
/// <param name="prefix">Of everything in the bucket.</param>
/// <param name="incarnation">Of all that is published here: after everything was taken away, the same content is another request.</param>
/// <param name="models">With the versions of the group, which executions made.</param>
/// <param name="role">The pipeline's own role.</param>
internal sealed class SageMakerPipelines(AwsClients clients, S3ObjectStore objects, IModelRegistry models, string group, DeployLock held, string prefix, string incarnation, string role, IReadOnlyDictionary<string, string> tags, IEventSink events) : IPipelines
{
    /// <summary>"CreatePipeline": a longer definition comes from S3.</summary>
    private const int MostCharacters = 1_048_576;

    private readonly ExecutionHistory history = new(clients, models, group);

    /// <summary>The steps of ended executions, asked once.</summary>
    private readonly Dictionary<string, IReadOnlyList<PipelineExecutionStep>> looked = new(StringComparer.Ordinal);

    private string? published;
    private Task<DescribePipelineResponse?>? begun;

    public bool WasChangedElsewhere { get; private set; }

    /// <summary>Begins to ask what is there.</summary>
    public void Begin(string name) => begun = Task.Run(() => DescribeAsync(name, CancellationToken.None));

    /// <summary>What is asked may have become another.</summary>
    public void Forget() => begun = null;

    public async Task<bool> PutAsync(string name, PipelineDefinition definition, CancellationToken cancellation)
    {
        var text = definition.ToJson().ToJsonString();
        published = text;
        var there = await (Interlocked.Exchange(ref begun, null) ?? DescribeAsync(name, cancellation)).WaitAsync(cancellation);
        WasChangedElsewhere = IsChanged(there);
        if (there is not null && PublishedDefinition.AreSame(there.PipelineDefinition, text) && there.RoleArn == role)
            return false;
        if (await held.HoldAsync(cancellation))
            return await PutAsync(name, definition, cancellation);
        var stored = text.Length <= MostCharacters ? null : await StoreAsync(name, text, cancellation);
        var inline = stored is null ? text : null;
        var description = PublishedDefinition.Description(there?.PipelineDescription, text);
        if (WasChangedElsewhere)
            events.Add(AwsErrors.PipelineOverwritten(name));
        if (there is not null)
        {
            await clients.SageMaker.UpdatePipelineAsync(new UpdatePipelineRequest { PipelineName = name, PipelineDefinition = inline, PipelineDefinitionS3Location = stored, PipelineDescription = description, RoleArn = role }, cancellation);
            return true;
        }

        await clients.SageMaker.CreatePipelineAsync(new CreatePipelineRequest
        {
            PipelineName = name,
            PipelineDefinition = inline,
            PipelineDefinitionS3Location = stored,
            PipelineDescription = description,
            RoleArn = role,
            // Each try is another one: what a request before it came to is seen by its name.
            ClientRequestToken = Guid.NewGuid().ToString("N"),
            Tags = tags.Count == 0 ? null : [.. tags.Select(t => new Tag { Key = t.Key, Value = t.Value })],
        }, cancellation);
        return true;
    }

    public async Task<PipelineDefinition?> FindAsync(string name, CancellationToken cancellation)
    {
        var there = await DescribeAsync(name, cancellation);
        WasChangedElsewhere = IsChanged(there);
        return there?.PipelineDefinition is { } text ? PipelineDefinition.Parse(text) : null;
    }

    private static bool IsChanged(DescribePipelineResponse? there) => there is not null && PublishedDefinition.IsChanged(there.PipelineDescription, there.PipelineDefinition);

    public Task<IReadOnlyList<RunListed>> NewestAsync(string name, int count, bool whole, CancellationToken cancellation) => history.ListAsync(name, count, whole, cancellation);

    public Task<IReadOnlyList<RunDifference>> CompareAsync(string name, string first, string second, CancellationToken cancellation) => history.CompareAsync(name, first, second, cancellation);

    /// <summary>Copies the log of a step's newest run. Returns false where it has none; what was taken from the cache did not run.</summary>
    public async Task<bool> CopyLogAsync(string name, string step, Stream output, CancellationToken cancellation)
    {
        foreach (var execution in await history.NewestAsync(name, ExecutionHistory.LookedAt, cancellation))
        {
            var steps = await ExecutionSteps.OfAsync(clients, execution.PipelineExecutionArn, cancellation);
            if (steps.FirstOrDefault(s => s.StepName == step && s.CacheHitResult is null && s.SelectiveExecutionResult is null) is { } found && ExecutionSteps.Log(found) is { } log)
                return await new JobLogs(clients).CopyAsync(log.Group, log.Job + "/", output, cancellation);
        }

        return false;
    }

    public async Task<ExecutionResult> RunAsync(Workspace workspace, RunRequest request, CancellationToken cancellation)
    {
        var name = workspace.Deployment.PipelineName;
        var text = published ?? (await DescribeAsync(name, cancellation))?.PipelineDefinition ?? throw PlatformErrors.Definition($"the pipeline '{name}' was not published.").ToException();
        var definition = PipelineDefinition.Parse(text);
        var (arn, ran) = await StartOrFindAsync(workspace.Deployment, definition, request, cancellation);
        if (ran)
            await held.LendAsync();
        var ended = ran ? await new ExecutionFollower(clients, events).FollowAsync(name, arn, request.StopsWhenCancelled, cancellation) : new EndedExecution("Succeeded", null, looked[arn]);
        // What follows changes stages by what they are now.
        if (ran && ended.Status == "Succeeded")
            await held.HoldAsync(cancellation);
        var failed = ended.Steps.FirstOrDefault(s => s.StepStatus == StepStatus.Failed);
        return new ExecutionResult(ExecutionSteps.NameOf(arn), ended.Status, Reason(ended, failed), ExecutionSteps.Version(ended.Steps), ran)
        {
            GateValues = ran ? await new GateReports(clients, objects, events).ReadAsync(workspace.Deployment, definition, request.Parameters, ended.Steps, cancellation) : new Dictionary<string, double>(),
            Definition = definition,
            FailedStep = failed?.StepName,
            SourceExecutionId = ended.Steps.Select(s => s.SelectiveExecutionResult?.SourcePipelineExecutionArn).OfType<string>().Select(ExecutionSteps.NameOf).FirstOrDefault(),
        };
    }

    /// <summary>"DeletePipeline": all running executions must have ended.</summary>
    public async Task RefuseRunningAsync(string name, CancellationToken cancellation)
    {
        var running = (await history.NewestAsync(name, ExecutionHistory.LookedAt, cancellation)).Where(e => e.PipelineExecutionStatus == PipelineExecutionStatus.Executing || e.PipelineExecutionStatus == PipelineExecutionStatus.Stopping).ToList();
        if (running.Count > 0)
            throw AwsErrors.StillRunning(name, [.. running.Select(e => e.PipelineExecutionArn)]).ToException();
    }

    /// <summary>Takes the pipeline away. Returns false where there was none.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        if (await DescribeAsync(name, cancellation) is null)
            return false;
        await held.TryHoldAsync(cancellation);
        await clients.SageMaker.DeletePipelineAsync(new DeletePipelineRequest { PipelineName = name, ClientRequestToken = Guid.NewGuid().ToString("N") }, cancellation);
        return true;
    }

    private static string? Reason(EndedExecution ended, PipelineExecutionStep? failed) => failed?.FailureReason ?? ended.FailureReason;

    /// <summary>32 to 128 characters.</summary>
    private static string Token(params string[] of) => Digest.Of(string.Join('\n', of));

    private async Task<DescribePipelineResponse?> DescribeAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await clients.SageMaker.DescribePipelineAsync(new DescribePipelineRequest { PipelineName = name }, cancellation);
        }
        catch (ResourceNotFoundException)
        {
            return null;
        }
    }

    private async Task<PipelineDefinitionS3Location> StoreAsync(string name, string text, CancellationToken cancellation)
    {
        var key = $"{prefix}/pipelines/{Digest.Of(text)}.json";
        await objects.PutAsync(key, System.Text.Encoding.UTF8.GetBytes(text), cancellation);
        return new PipelineDefinitionS3Location { Bucket = objects.Bucket, ObjectKey = key };
    }

    /// <summary>
    /// An execution is known by its content: its display name is the hash of definition and parameters. One that succeeded is not run again, and one that runs is
    /// followed.
    /// </summary>
    private async Task<(string Arn, bool Ran)> StartOrFindAsync(DeploymentDefinition deployment, PipelineDefinition definition, RunRequest request, CancellationToken cancellation)
    {
        var (name, parameters) = (deployment.PipelineName, request.Parameters);
        var content = ContentName(deployment, definition, parameters);
        var newest = await history.NewestAsync(name, ExecutionHistory.LookedAt, cancellation);
        var selection = request.Selection is { } selected ? await SelectionAsync(name, definition, selected, newest, cancellation) : null;
        if (selection is not null)
            content = ExecutionHistory.Selective + Token([content, selection.SourcePipelineExecutionArn ?? "", .. selection.SelectedSteps.Select(s => s.StepName)])[..32];
        var same = newest.Where(e => e.PipelineExecutionDisplayName == content).ToList();
        if (same.FirstOrDefault() is { } last)
        {
            if (last.PipelineExecutionStatus == PipelineExecutionStatus.Executing)
            {
                events.Add(new Notice($"Execution {ResourceNames.LastPart(last.PipelineExecutionArn)} of this content is running: following it."));
                return (last.PipelineExecutionArn, true);
            }

            if (selection is null && last.PipelineExecutionStatus == PipelineExecutionStatus.Succeeded && IsCached(definition, last.StartTime) && await HasVersionAsync(last.PipelineExecutionArn, cancellation))
                return (last.PipelineExecutionArn, false);
        }

        // Another deploy may have published and run something else in the meantime.
        if (await held.HoldAsync(cancellation))
        {
            await PutAsync(name, definition, cancellation);
            return await StartOrFindAsync(deployment, definition, request, cancellation);
        }

        var started = await clients.SageMaker.StartPipelineExecutionAsync(new StartPipelineExecutionRequest
        {
            PipelineName = name,
            PipelineExecutionDisplayName = content,
            PipelineParameters = parameters.Count == 0 ? null : [.. parameters.Select(p => new Parameter { Name = p.Key, Value = p.Value })],
            // Known by what came before it: sent again, it is not started again, and the same content at another time is another execution.
            ClientRequestToken = Token(incarnation, content, newest.Count == 0 ? "first" : newest[0].PipelineExecutionArn),
            SelectiveExecutionConfig = selection,
            ParallelismConfiguration = (request.MaxParallelSteps ?? deployment.MaxParallelExecutionSteps) is { } most ? new ParallelismConfiguration { MaxParallelExecutionSteps = most } : null,
            // Whoever stops now is told what became of it: an execution that nobody knows of costs money.
        }, CancellationToken.None);
        return (started.PipelineExecutionArn, true);
    }

    private static string ContentName(DeploymentDefinition deployment, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters) =>
        "run-" + Token([Json.Canonical(PipelineContent.Of(deployment, definition).ToJson()), .. parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")])[..32];

    public async Task<RunPreview> PreviewAsync(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation)
    {
        var content = ContentName(workspace.Deployment, definition, parameters);
        if ((await history.NewestAsync(workspace.Deployment.PipelineName, ExecutionHistory.LookedAt, cancellation)).FirstOrDefault(e => e.PipelineExecutionDisplayName == content) is not { } last)
            return new RunPreview(null, null);
        if (last.PipelineExecutionStatus != PipelineExecutionStatus.Succeeded)
            return new RunPreview(null, $"the last execution of this content is {last.PipelineExecutionStatus.Value}: steps that succeeded in it are taken from the cache");
        if (!IsCached(definition, last.StartTime))
            return new RunPreview(null, "a step is not cached, or its cached result has expired");
        return await HasVersionAsync(last.PipelineExecutionArn, cancellation) ? new RunPreview(ExecutionSteps.Version(looked[last.PipelineExecutionArn]), null) : new RunPreview(null, "its version is no longer in the registry");
    }

    /// <summary>Whether the version that an execution registered is still there; who took it out of the registry wants another.</summary>
    private async Task<bool> HasVersionAsync(string arn, CancellationToken cancellation)
    {
        var steps = looked[arn] = await ExecutionSteps.OfAsync(clients, arn, cancellation);
        return ExecutionSteps.Version(steps) is not { } version || await models.FindAsync(group, version, cancellation) is not null;
    }

    /// <summary>The chosen steps, and the execution whose results they go on with, where they need any.</summary>
    private async Task<SelectiveExecutionConfig> SelectionAsync(string name, PipelineDefinition definition, SelectedSteps selected, IReadOnlyList<PipelineExecutionSummary> newest, CancellationToken cancellation)
    {
        var steps = selected.Steps.Select(s => new SelectedStep { StepName = s }).ToList();
        var earlier = StepSelection.EarlierSteps(definition, selected.Steps);
        if (earlier.Count == 0)
            return new SelectiveExecutionConfig { SelectedSteps = steps };
        foreach (var source in selected.Source is { } id ? [await history.FindAsync(name, id, cancellation)] : newest)
        {
            // "The execution status of the pipeline can be either Failed or Success."
            if (source.PipelineExecutionStatus != PipelineExecutionStatus.Succeeded && source.PipelineExecutionStatus != PipelineExecutionStatus.Failed)
                continue;
            // One of chosen steps alone may lack what these need.
            var succeeded = (await ExecutionSteps.OfAsync(clients, source.PipelineExecutionArn, cancellation)).Where(s => s.StepStatus == StepStatus.Succeeded).Select(s => s.StepName).ToHashSet(StringComparer.Ordinal);
            if (earlier.All(succeeded.Contains))
                return new SelectiveExecutionConfig { SelectedSteps = steps, SourcePipelineExecutionArn = source.PipelineExecutionArn };
        }

        throw PlatformErrors.NoSourceExecution($"{(selected.Source is null ? "in none" : $"not in '{selected.Source}'")} that has Succeeded or Failed all of these steps succeeded: {string.Join(", ", earlier)}.", PlatformNames.Aws).ToException();
    }

    /// <summary>Whether every job's result may be used again, so long after it was made.</summary>
    private static bool IsCached(PipelineDefinition definition, DateTime? started)
    {
        var jobs = definition.AllSteps.Where(s => StepTypes.RunsJob(s.Type)).ToList();
        return jobs.All(j => j.Cache is { Enabled: true } cache && (cache.Lifetime() is not { } lifetime || started + lifetime > DateTime.UtcNow));
    }
}
