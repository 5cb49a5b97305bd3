using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What somebody else changed in a stack's resources: shown by a plan, and said before a deploy changes the same resource.</summary>
internal sealed class StackDrift(AwsClients clients, IEventSink events)
{
    private const int AtOnce = 8;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Of all resources.</summary>
    public async Task<IReadOnlyList<PlannedChange>> OfAsync(string stack, CancellationToken cancellation)
    {
        try
        {
            var detection = (await clients.CloudFormation.DetectStackDriftAsync(new DetectStackDriftRequest { StackName = stack }, cancellation)).StackDriftDetectionId;
            var waits = new Waits(LongestPause);
            DescribeStackDriftDetectionStatusResponse state;
            while ((state = await clients.CloudFormation.DescribeStackDriftDetectionStatusAsync(new DescribeStackDriftDetectionStatusRequest { StackDriftDetectionId = detection }, cancellation)).DetectionStatus == StackDriftDetectionStatus.DETECTION_IN_PROGRESS)
                await waits.WaitAsync(cancellation);
            if (state.DetectionStatus == StackDriftDetectionStatus.DETECTION_FAILED)
                events.Add(AwsErrors.DriftUnknown(stack, state.DetectionStatusReason ?? "no reason was given."));
            return await FoundAsync(stack, cancellation);
        }
        catch (AmazonCloudFormationException e) when ((int)e.StatusCode < 500)
        {
            // Another detection runs, or these credentials may look at stacks and not start one.
            events.Add(AwsErrors.DriftUnknown(stack, e.Message));
            return [];
        }
    }

    private async Task<IReadOnlyList<PlannedChange>> FoundAsync(string stack, CancellationToken cancellation)
    {
        var drifts = new List<StackResourceDrift>();
        string? token = null;
        do
        {
            var answer = await clients.CloudFormation.DescribeStackResourceDriftsAsync(new DescribeStackResourceDriftsRequest { StackName = stack, StackResourceDriftStatusFilters = ["MODIFIED", "DELETED"], NextToken = token }, cancellation);
            drifts.AddRange(answer.StackResourceDrifts ?? []);
            token = answer.NextToken;
        }
        while (token is not null);
        return [.. drifts.Select(d => new PlannedChange("Drift", "resource", $"{stack}/{d.LogicalResourceId}", $"{d.StackResourceDriftStatus.Value} by somebody else{string.Concat(Differences(d).Select(p => "; " + p))}"))];
    }

    /// <summary>Warns of what a change of these resources may undo. Some types, and some credentials, do not let themselves be asked.</summary>
    public async Task WarnAsync(string stack, IEnumerable<string> resources, CancellationToken cancellation)
    {
        using var gate = new SemaphoreSlim(AtOnce);
        foreach (var drift in await Task.WhenAll(resources.Select(r => DetectAsync(stack, r, gate, cancellation))))
        {
            if (drift?.StackResourceDriftStatus?.Value is "MODIFIED" or "DELETED")
                events.Add(AwsErrors.DriftUndone(stack, drift.LogicalResourceId, drift.StackResourceDriftStatus.Value, Differences(drift)));
        }
    }

    private async Task<StackResourceDrift?> DetectAsync(string stack, string resource, SemaphoreSlim gate, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return (await clients.CloudFormation.DetectStackResourceDriftAsync(new DetectStackResourceDriftRequest { StackName = stack, LogicalResourceId = resource }, cancellation)).StackResourceDrift;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && Failures.Explain(e, "") is not null)
        {
            // A deploy does not fail of what it only wants to say.
            return null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Variables of a container or a function may be what somebody typed by hand, and nobody is to read in a log.</summary>
    private static IReadOnlyList<string> Differences(StackResourceDrift drift) => [.. (drift.PropertyDifferences ?? []).Select(p => p.PropertyPath.Contains("Environment", StringComparison.Ordinal) ? $"{p.PropertyPath} (not shown)" : $"{p.PropertyPath}: {p.ExpectedValue} -> {p.ActualValue}")];
}
