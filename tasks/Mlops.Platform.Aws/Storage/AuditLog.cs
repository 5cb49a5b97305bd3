using System.Globalization;
using System.Text;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Verbs;

namespace Mlops.Platform.Aws.Storage;

/// <summary>Who did what: an object for each verb.</summary>
/// <param name="explain">What a failure of AWS's means to a user; null: it is none of theirs.</param>
internal sealed class AuditLog(S3ObjectStore objects, DeployLock held, string prefix, Func<Exception, Problem?> explain, IEventSink events)
{
    private static readonly TimeSpan RecordPatience = TimeSpan.FromSeconds(5);

    /// <summary>In the bucket, also what was refused there before anything was changed.</summary>
    public async Task RecordAsync(AuditEntry entry, CancellationToken cancellation)
    {
        var hadChanged = held.WasHeld;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Where AWS cannot be reached, it is not asked for minutes once more.
        if (!hadChanged && entry.Result != AuditedVerb.Done)
            limit.CancelAfter(RecordPatience);
        var content = Encoding.UTF8.GetBytes(EventJson.Write(entry, null));
        var key = string.Create(CultureInfo.InvariantCulture, $"{prefix}/audit/{entry.When.UtcDateTime:yyyy-MM-ddTHH-mm-ss-fff}Z-{entry.Verb}-{Digest.Of(content)[..8]}.json");
        try
        {
            await objects.AddOnceAsync(key, content, limit.Token);
        }
        catch (Exception e) when (!hadChanged && entry.Result != AuditedVerb.Done && (e is OperationCanceledException || explain(e) is not null))
        {
            // The verb has said already why it ends.
        }
        catch (Exception e) when (explain(e) is { } problem)
        {
            // What was done is done: it must not look as if it had failed.
            events.Add(problem.AsWarning());
        }
    }

    public async Task<IReadOnlyList<AuditEntry>> NewestAsync(int count, CancellationToken cancellation)
    {
        var keys = await objects.KeysAsync($"{prefix}/audit/", cancellation);
        var entries = new List<AuditEntry>();
        foreach (var key in keys.OrderDescending(StringComparer.Ordinal).Take(count))
        {
            if (await objects.ReadKeyAsync(key, cancellation) is { } content && EventJson.Read(Encoding.UTF8.GetString(content)) is AuditEntry entry)
                entries.Add(entry);
        }

        return entries;
    }
}
