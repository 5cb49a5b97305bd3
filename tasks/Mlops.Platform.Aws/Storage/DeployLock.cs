using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.S3;
using Amazon.S3.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Storage;

/// <summary>
/// One verb at a time changes a model: an object that only one can make (If-None-Match). It is taken at the first change, so that a verb
/// with nothing to do writes nothing, and is renewed while it is held: one that stays the same was left by a process that is gone.
/// </summary>
/// <param name="kmsKey">Of what is written; null: the bucket's own.</param>
internal sealed partial class DeployLock(AwsClients clients, string bucket, string account, string key, string? kmsKey, IEventSink events) : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(20);

    /// <summary>Clocks differ, of machines that were set by hand by hours; beyond this they do not.</summary>
    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(1);

    /// <summary>How long a lock holds that nobody renews. Tests wait for less.</summary>
    internal static TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(150);

    private static TimeSpan Renewal => Lease / 3;

    private TimeSpan SinceRenewal => renewed?.Elapsed ?? TimeSpan.Zero;

    private readonly string id = Guid.NewGuid().ToString("N");
    private readonly SemaphoreSlim gate = new(1);
    private CancellationTokenSource ending = new();
    private string? etag;

    /// <summary>Another has taken it: it was not renewed in time.</summary>
    private volatile bool lost;

    /// <summary>When the last writing of it began that went through: past its lease, another may have taken it lawfully.</summary>
    private volatile Moment? renewed;
    private LockOwner? holder;
    private bool asked;
    private Task renewing = Task.CompletedTask;

    /// <summary>What works here; told to whoever waits.</summary>
    public string Verb { get; set; } = "mlops";

    /// <summary>It is held to the verb's end: what was looked at under it must not become other.</summary>
    public bool IsKept { get; set; }

    /// <summary>Told when it was taken: what was read before may be of yesterday.</summary>
    public Action Taken { get; set; } = () => { };

    /// <summary>Something was written under it.</summary>
    public bool WasHeld { get; private set; }

    /// <summary>Takes the lock, if this process has not taken it already. Returns whether it was taken now: what was read before may be of yesterday.</summary>
    public async Task<bool> HoldAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (lost || (etag is not null && SinceRenewal > Lease && !await IsStillOursAsync(cancellation)))
                throw AwsErrors.LockLost(Verb).ToException();
            if (etag is not null)
                return false;
            var who = (await clients.IdentityAsync(cancellation)).Arn;
            var owner = new LockOwner(id, who, Environment.MachineName, Verb, DateTimeOffset.UtcNow);
            asked = true; // Whether or not the answer comes, it may be ours from now on.
            etag = await TakeAsync(owner, cancellation);
            (holder, WasHeld) = (owner, true);
            renewing = RenewAsync(owner);
            Taken();
            return true;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Before something is taken away. Returns false where its bucket is gone: nobody else can be at work there either.</summary>
    public async Task<bool> TryHoldAsync(CancellationToken cancellation)
    {
        try
        {
            await HoldAsync(cancellation);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>It could not be renewed for as long as it holds: whether another has taken it meanwhile, only writing it tells.</summary>
    private async Task<bool> IsStillOursAsync(CancellationToken cancellation)
    {
        if (await WriteAsync(holder! with { Renewals = -1 }, etag, cancellation) is { } fresh)
            etag = fresh;
        else if (await FindAsync(cancellation) is { } found && found.Owner.Id == id)
            etag = found.ETag;
        else
            lost = true;
        return !lost;
    }

    /// <summary>Writes it no more; it is held until its lease ends.</summary>
    public async Task StopRenewingAsync()
    {
        await ending.CancelAsync();
        await renewing;
    }

    /// <summary>While others only wait for something to end, such as a training of hours: whoever rolls back or approves is not kept from it.</summary>
    public Task LendAsync() => IsKept ? Task.CompletedTask : ReleaseAsync();

    /// <summary>Lets go of it, where it was taken.</summary>
    public async Task ReleaseAsync()
    {
        await gate.WaitAsync();
        try
        {
            await StopRenewingAsync();
            await DeleteAsync();
            (etag, asked) = (null, false);
            ending.Dispose();
            ending = new CancellationTokenSource();
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task DeleteAsync()
    {
        // Where AWS has just been given up, it is not asked for another minute.
        using var limit = new CancellationTokenSource(ReleasePatience);
        try
        {
            // A renewal that was broken off may have been written: what counts is whose it is.
            if ((etag is not null || asked) && (await FindAsync(limit.Token))?.Owner.Id == id)
                await clients.S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = key, ExpectedBucketOwner = account }, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException || Failures.Explain(e, "") is not null)
        {
            // It ends by itself when nobody renews it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        ending.Dispose();
        gate.Dispose();
    }

    private async Task<string> TakeAsync(LockOwner owner, CancellationToken cancellation)
    {
        var began = DateTimeOffset.UtcNow;
        var (waits, told) = (new Waits(LongestPause), false);
        (string ETag, DateTimeOffset Since)? seen = null;
        while (true)
        {
            if (await WriteAsync(owner, null, cancellation) is { } made)
                return made;
            if (await FindAsync(cancellation) is { } other)
            {
                // The answer to our own request was lost, and it was sent again.
                if (other.Owner.Id == id)
                    return other.ETag;
                if (seen?.ETag != other.ETag)
                    seen = (other.ETag, DateTimeOffset.UtcNow);
                var stale = DateTimeOffset.UtcNow - seen.Value.Since > Lease || DateTimeOffset.UtcNow - other.Written > LongAgo;
                if (stale && await WriteAsync(owner, other.ETag, cancellation) is { } taken)
                {
                    events.Add(new Notice($"'{other.Owner.Verb}' of {other.Owner} was broken off; going on in its place."));
                    return taken;
                }

                if (DateTimeOffset.UtcNow - began > Patience)
                    throw AwsErrors.Busy(Verb, other.Owner.ToString(), (int)Patience.TotalMinutes).ToException();
                if (!told)
                    events.Add(new Notice($"Waiting for '{other.Owner.Verb}' of {other.Owner}, at most {Patience.TotalMinutes:F0} minutes."));
                told = true;
            }

            await waits.WaitAsync(cancellation);
        }
    }

    private async Task RenewAsync(LockOwner owner)
    {
        while (!ending.IsCancellationRequested && !lost)
        {
            try
            {
                await Task.Delay(Renewal, ending.Token);
                // Another content, and so another ETag: whoever waits sees that somebody is there.
                owner = owner with { Renewals = owner.Renewals + 1 };
                if (await WriteAsync(owner, etag, ending.Token) is { } fresh)
                    etag = fresh;
                else if (await FindAsync(ending.Token) is { } found && found.Owner.Id == id)
                    etag = found.ETag; // The answer to an earlier renewal was lost.
                else
                    lost = true;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                // The verb has ended.
            }
            catch (Exception e) when (Failures.Explain(e, "") is not null)
            {
                // A bad minute: the lease lasts longer than one renewal.
            }
        }
    }

    /// <param name="replaced">The ETag of what is replaced; null: there must be nothing.</param>
    /// <returns>The new ETag; null: something else is there.</returns>
    private async Task<string?> WriteAsync(LockOwner owner, string? replaced, CancellationToken cancellation)
    {
        var request = new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = JsonSerializer.Serialize(owner, LockJson.Default.LockOwner), ContentType = "application/json", ExpectedBucketOwner = account, UseChunkEncoding = false };
        (request.IfNoneMatch, request.IfMatch) = replaced is null ? ("*", (string?)null) : (null, replaced);
        try
        {
            var began = Moment.Now;
            var made = (await clients.S3.PutObjectAsync(request.EncryptedWith(kmsKey), cancellation)).ETag;
            renewed = began;
            return made;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict || (replaced is not null && e.StatusCode == HttpStatusCode.NotFound))
        {
            return null;
        }
    }

    private async Task<(LockOwner Owner, string ETag, DateTimeOffset Written)?> FindAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await clients.S3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, ExpectedBucketOwner = account }, cancellation);
            return (await ReadAsync(answer.ResponseStream, cancellation), answer.ETag, answer.LastModified ?? DateTime.UtcNow);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Whatever lies there is a lock: one that another tool wrote, too.</summary>
    private static async Task<LockOwner> ReadAsync(Stream content, CancellationToken cancellation)
    {
        try
        {
            if (await JsonSerializer.DeserializeAsync(content, LockJson.Default.LockOwner, cancellation) is { } owner)
                return owner;
        }
        catch (JsonException)
        {
            // Not ours.
        }

        return new LockOwner("", "somebody", "an unknown machine", "?", DateTimeOffset.UtcNow);
    }

    private sealed record LockOwner(string Id, string Who, string Machine, string Verb, DateTimeOffset Since, int Renewals = 0)
    {
        public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Who} on {Machine}, since {Since:yyyy-MM-dd HH:mm:ss}Z");
    }

    [JsonSerializable(typeof(LockOwner))]
    private sealed partial class LockJson : JsonSerializerContext;

    /// <summary>A point in time by both clocks: one may be set, and the other stands still while a machine sleeps. The longer time counts.</summary>
    private sealed record Moment(long Ticks, DateTime Utc)
    {
        public static Moment Now => new(Stopwatch.GetTimestamp(), DateTime.UtcNow);

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Ticks) is var ticked && DateTime.UtcNow - Utc is var passed && passed > ticked ? passed : ticked;
    }
}
