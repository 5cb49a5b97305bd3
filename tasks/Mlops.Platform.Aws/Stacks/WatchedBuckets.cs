using Amazon.S3.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>Buckets whose new objects start something: only where they tell EventBridge of them ("Enabling Amazon EventBridge"). A bucket of the stack itself does.</summary>
internal sealed class WatchedBuckets(AwsClients clients, IEventSink events)
{
    /// <summary>Warns of rules that would wait for good. Who may not look at a bucket is told nothing.</summary>
    public async Task WarnAsync(StackTemplateFile template, CancellationToken cancellation)
    {
        foreach (var (rule, bucket) in template.WatchedBuckets.DistinctBy(w => w.Bucket))
        {
            try
            {
                if ((await clients.S3.GetBucketNotificationAsync(new GetBucketNotificationRequest { BucketName = bucket }, cancellation)).EventBridgeConfiguration is null)
                    events.Add(AwsErrors.NoEvents(bucket, rule));
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && Failures.Explain(e, "") is not null)
            {
                // Another account's or region's, or one that is still to be made: a deploy does not fail of what it only wants to say.
            }
        }
    }
}
