using System.Diagnostics;
using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What somebody else changed in a stack's resources: shown by a plan, and said before a deploy changes the same resource.</summary>
internal sealed class StackDrift(AwsClients clients, IEventSink events)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Of all resources.</summary>
    public async Task<IReadOnlyList<PlannedChange>> OfAsync(string stack, CancellationToken cancellation)
    {
        try
        {
            var detection = (await clients.CloudFormation.DetectStackDriftAsync(new DetectStackDriftRequest { StackName = stack }, cancellation)).StackDriftDetectionId;
            var (clock, waits) = (Stopwatch.StartNew(), new Waits(LongestPause));
            DescribeStackDriftDetectionStatusResponse state;
            while ((state = await clients.CloudFormation.DescribeStackDriftDetectionStatusAsync(new DescribeStackDriftDetectionStatusRequest { StackDriftDetectionId = detection }, cancellation)).DetectionStatus == StackDriftDetectionStatus.DETECTION_IN_PROGRESS && clock.Elapsed < Patience)
                await waits.WaitAsync(cancellation);
            if (state.DetectionStatus != StackDriftDetectionStatus.DETECTION_COMPLETE)
                events.Add(AwsErrors.DriftUnknown(stack, state.DetectionStatusReason ?? (state.DetectionStatus == StackDriftDetectionStatus.DETECTION_FAILED ? "no reason was given." : "it is still being looked for.")));
            return await FoundAsync(stack, cancellation);
        }
        catch (AmazonCloudFormationException e) when ((int)e.StatusCode < 500)
        {
            // Another detection runs, or these credentials may look at stacks and not start one.
            events.Add(AwsErrors.DriftUnknown(stack, Failures.Said(e.Message)));
            return [];
        }
    }

    private async Task<IReadOnlyList<PlannedChange>> FoundAsync(string stack, CancellationToken cancellation) => await Pages.AllAsync(
        token => clients.CloudFormation.DescribeStackResourceDriftsAsync(new DescribeStackResourceDriftsRequest { StackName = stack, StackResourceDriftStatusFilters = ["MODIFIED", "DELETED"], NextToken = token }, cancellation),
        a => a.StackResourceDrifts,
        a => a.NextToken).Select(d => Change(stack, d)).ToListAsync(cancellation);

    private static PlannedChange Change(string stack, StackResourceDrift drift) =>
        new("Drift", "resource", $"{stack}/{drift.LogicalResourceId}", $"{drift.StackResourceDriftStatus.Value} by somebody else{string.Concat(Differences(drift).Select(p => "; " + p))}");

    /// <summary>Warns of what a change of these resources may undo. Some types, and some credentials, do not let themselves be asked.</summary>
    public async Task WarnAsync(string stack, IEnumerable<string> resources, CancellationToken cancellation)
    {
        foreach (var drift in await Questions.AskAsync([.. resources], (r, token) => DetectAsync(stack, r, token), cancellation))
        {
            if (drift?.StackResourceDriftStatus?.Value is "MODIFIED" or "DELETED")
                events.Add(AwsErrors.DriftUndone(stack, drift.LogicalResourceId, drift.StackResourceDriftStatus.Value, Differences(drift)));
        }
    }

    private async Task<StackResourceDrift?> DetectAsync(string stack, string resource, CancellationToken cancellation)
    {
        try
        {
            return (await clients.CloudFormation.DetectStackResourceDriftAsync(new DetectStackResourceDriftRequest { StackName = stack, LogicalResourceId = resource }, cancellation)).StackResourceDrift;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && Failures.Explain(e, "") is not null)
        {
            // A deploy does not fail of what it only wants to say.
            return null;
        }
    }

    /// <summary>Variables of a container or a function may be what somebody typed by hand, and nobody is to read in a log.</summary>
    private static IReadOnlyList<string> Differences(StackResourceDrift drift) => [.. (drift.PropertyDifferences ?? []).Select(p => p.PropertyPath.Contains("Environment", StringComparison.Ordinal) ? $"{p.PropertyPath} (not shown)" : $"{p.PropertyPath}: {p.ExpectedValue} -> {p.ActualValue}")];
}
