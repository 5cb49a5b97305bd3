using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>A verb of which is kept who ran it, of which commit, and how it ended; one that had nothing to do is not.</summary>
public static class AuditedVerb
{
    /// <summary>How a verb ended that was done.</summary>
    public const string Done = "Done";

    /// <summary>How a verb ended that somebody broke off.</summary>
    public const string Stopped = "Stopped";

    public static async Task<Outcome?> RunAsync(VerbContext context, string name, Func<CancellationToken, Task<Outcome?>> verb, CancellationToken cancellation)
    {
        try
        {
            var outcome = await verb(cancellation);
            if (outcome is { Changed: true })
                await RecordAsync(Done, outcome.Version);
            return outcome;
        }
        catch (Exception e)
        {
            var isStopped = e is OperationCanceledException && cancellation.IsCancellationRequested;
            await RecordAsync(isStopped ? Stopped : ((e as PlatformException)?.Problem ?? context.Platform.Explain(e) ?? PlatformErrors.Unexpected(e)).Code, null);
            throw;
        }

        // What was done or broken off is recorded in any case.
        Task RecordAsync(string result, int? version) => context.Platform.RecordAsync(
            new AuditEntry(DateTimeOffset.UtcNow, context.Platform.Caller, name, result, GitState.Commit(context.Workspace.Repository), version), CancellationToken.None);
    }
}
