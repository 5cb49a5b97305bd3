using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Ports;

public interface IPipelines
{
    /// <summary>Creates or updates the pipeline. Returns false where it has this very definition.</summary>
    Task<bool> PutAsync(string name, PipelineDefinition definition, CancellationToken cancellation);

    /// <summary>The definition that was published last, or null.</summary>
    Task<PipelineDefinition?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>Whether the definition that was looked at last is known to be somebody else's, and not what was published.</summary>
    bool WasChangedElsewhere { get; }

    /// <summary>The newest executions, the newest first.</summary>
    /// <param name="whole">With versions and metrics, where these are asked for one by one.</param>
    Task<IReadOnlyList<RunListed>> NewestAsync(string name, int count, bool whole, CancellationToken cancellation);

    /// <summary>How two executions differ: parameters, steps, metrics and outputs.</summary>
    /// <param name="first">An execution's id, or its first characters.</param>
    Task<IReadOnlyList<RunDifference>> CompareAsync(string name, string first, string second, CancellationToken cancellation);

    /// <summary>What a run of a definition would do; nothing is started.</summary>
    /// <param name="parameters">As of <see cref="RunRequest.Parameters"/>.</param>
    Task<RunPreview> PreviewAsync(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation);

    /// <summary>Starts an execution and follows it to its end. Returns the last one where nothing that it depends on has changed since.</summary>
    Task<ExecutionResult> RunAsync(Workspace workspace, RunRequest request, CancellationToken cancellation);
}

/// <param name="Version">That of an execution of this very content, with which a deploy goes on; null: one would be started.</param>
/// <param name="Reason">Why one of this content does not stand for it; null: there is none, or it does.</param>
public sealed record RunPreview(int? Version, string? Reason);

/// <param name="Status">Succeeded, Failed or Stopped.</param>
/// <param name="Version">The version that its RegisterModel step made, or found.</param>
/// <param name="Ran">False: nothing had changed since this execution, and none was started.</param>
public sealed record ExecutionResult(string ExecutionId, string Status, string? FailureReason, int? Version, bool Ran)
{
    /// <summary>Values of the evaluation's report by gate path, where it was written.</summary>
    public required IReadOnlyDictionary<string, double> GateValues { get; init; }

    /// <summary>The definition that it ran with, where another may have been published since; null: the one that is published.</summary>
    public PipelineDefinition? Definition { get; init; }

    public string? FailedStep { get; init; }

    /// <summary>Of a selective execution: the one whose results it went on with; null: it needed none.</summary>
    public string? SourceExecutionId { get; init; }

    public string? Log { get; init; }
}
