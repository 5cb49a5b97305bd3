using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Storage;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Tests;

/// <summary>One verb at a time; a live one is never robbed, and one that is gone does not stand in the way for long.</summary>
[Collection(AwsCollection.Name)]
public sealed class DeployLockTests(StandIn aws) : IAsyncLifetime
{
    private const string Bucket = "locks";

    private readonly TimeSpan lease = DeployLock.Lease;

    public Task InitializeAsync()
    {
        DeployLock.Lease = TimeSpan.FromMilliseconds(600);
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        DeployLock.Lease = lease;
        return Task.CompletedTask;
    }

    [SkippableFact]
    public async Task A_live_holder_is_waited_for_however_long_it_takes()
    {
        using var access = await StartAsync();
        var events = new Recorder();
        await using var first = await OpenAsync(access, new Recorder());
        await using var second = await OpenAsync(access, events);
        await first.HoldAsync(CancellationToken.None);
        using var patience = new CancellationTokenSource(DeployLock.Lease * 5);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.HoldAsync(patience.Token));
        Assert.Contains(events.All.OfType<Notice>(), n => n.Text.StartsWith("Waiting for 'deploy' of arn:aws:sts::123456789012:user/moto", StringComparison.Ordinal));
        await first.ReleaseAsync();
        Assert.True(await second.HoldAsync(CancellationToken.None));
    }

    [SkippableFact]
    public async Task A_holder_that_is_gone_is_replaced_after_its_lease()
    {
        using var access = await StartAsync();
        aws.Boto($$"""client('s3').put_object(Bucket='{{Bucket}}', Key='lock.json', Body='{"Id": "gone", "Who": "somebody", "Machine": "a laptop", "Verb": "deploy", "Since": "2026-01-01T00:00:00Z"}')['ETag']""");
        var events = new Recorder();
        await using var next = await OpenAsync(access, events);

        Assert.True(await next.HoldAsync(CancellationToken.None));
        Assert.Contains(events.All.OfType<Notice>(), n => n.Text.Contains("somebody on a laptop", StringComparison.Ordinal) && n.Text.Contains("broken off", StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_holder_that_could_not_renew_it_in_time_asks_whether_it_is_still_its_own(bool isTaken)
    {
        using var access = await StartAsync();
        await using var held = await OpenAsync(access, new Recorder());
        await held.HoldAsync(CancellationToken.None);
        await held.StopRenewingAsync();
        await Task.Delay(DeployLock.Lease * 1.5);
        await using var other = await OpenAsync(access, new Recorder());
        if (isTaken)
            await other.HoldAsync(CancellationToken.None);

        if (isTaken)
            Assert.Equal("MLOPS7035", (await Assert.ThrowsAsync<PlatformException>(() => held.HoldAsync(CancellationToken.None))).Problem.Code);
        else
            Assert.False(await held.HoldAsync(CancellationToken.None));
    }

    [SkippableFact]
    public async Task A_holder_that_was_robbed_stops_at_its_next_change()
    {
        using var access = await StartAsync();
        await using var held = await OpenAsync(access, new Recorder());
        await held.HoldAsync(CancellationToken.None);
        aws.Boto($$"""client('s3').put_object(Bucket='{{Bucket}}', Key='lock.json', Body='{"Id": "other", "Who": "somebody", "Machine": "m", "Verb": "deploy", "Since": "2026-01-01T00:00:00Z"}')['ETag']""");
        await Task.Delay(DeployLock.Lease);

        Assert.Equal("MLOPS7035", (await Assert.ThrowsAsync<PlatformException>(() => held.HoldAsync(CancellationToken.None))).Problem.Code);
        await held.ReleaseAsync();
        Assert.Equal("other", (string?)aws.Boto($"__import__('json').loads(client('s3').get_object(Bucket='{Bucket}', Key='lock.json')['Body'].read())['Id']"));
    }

    private async Task<AwsAccess> StartAsync()
    {
        await aws.ResetAsync();
        aws.Boto($"client('s3').create_bucket(Bucket='{Bucket}')['ResponseMetadata']['HTTPStatusCode']");
        return new AwsAccess();
    }

    private static async Task<DeployLock> OpenAsync(AwsAccess access, IEventSink events) =>
        new(await access.OpenAsync(new Definitions.AwsPlace(), CancellationToken.None), Bucket, "123456789012", "lock.json", null, events) { Verb = "deploy" };
}
