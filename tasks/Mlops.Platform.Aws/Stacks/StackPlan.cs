using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What a stack's change would be, resource by resource, as CloudFormation itself says; and what somebody else changed in the meantime.</summary>
internal sealed class StackPlan(AwsClients clients, IEventSink events)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <param name="store">Puts a template that is too large for a request where it can be read.</param>
    public async Task<IReadOnlyList<PlannedChange>> OfAsync(StackRequest request, StackState? stack, Func<StackTemplateFile, CancellationToken, Task<string>> store, CancellationToken cancellation)
    {
        if (stack is { IsEmpty: false, IsWhole: false, NeverWhole: false })
            return [new PlannedChange("Change", "stack", request.Name, $"is in {stack.Status}: a deploy waits for its end, or says what to do")];
        if (stack is null or { IsWhole: false })
            return [new PlannedChange("Add", "stack", request.Name, stack is null or { IsEmpty: true } ? null : $"in place of a first try that failed ({stack.Status})"), .. request.Template.Resources.Select(r => new PlannedChange("Add", "resource", $"{request.Name}/{r.Id}", r.Type))];
        var drift = await DriftAsync(stack, cancellation);
        if (stack.Equals(request))
            return drift;
        if (!request.Template.FitsInRequest)
            request = request with { TemplateUrl = await store(request.Template, cancellation) };
        var changes = await new StackClient(clients, events).PreviewAsync(request, stack, cancellation);
        return [new PlannedChange("Change", "stack", request.Name), .. changes, .. drift];
    }

    /// <summary>A deploy neither hides nor silently reverts it.</summary>
    private async Task<IReadOnlyList<PlannedChange>> DriftAsync(StackState stack, CancellationToken cancellation)
    {
        try
        {
            var detection = (await clients.CloudFormation.DetectStackDriftAsync(new DetectStackDriftRequest { StackName = stack.Name }, cancellation)).StackDriftDetectionId;
            var waits = new Waits(LongestPause);
            DescribeStackDriftDetectionStatusResponse state;
            while ((state = await clients.CloudFormation.DescribeStackDriftDetectionStatusAsync(new DescribeStackDriftDetectionStatusRequest { StackDriftDetectionId = detection }, cancellation)).DetectionStatus == StackDriftDetectionStatus.DETECTION_IN_PROGRESS)
                await waits.WaitAsync(cancellation);
            if (state.DetectionStatus == StackDriftDetectionStatus.DETECTION_FAILED)
                events.Add(AwsErrors.DriftUnknown(stack.Name, state.DetectionStatusReason ?? "no reason was given."));
        }
        catch (AmazonCloudFormationException e) when ((int)e.StatusCode < 500)
        {
            // Another detection runs, or these credentials may look at stacks and not start one.
            events.Add(AwsErrors.DriftUnknown(stack.Name, e.Message));
            return [];
        }

        var drifts = new List<StackResourceDrift>();
        string? token = null;
        do
        {
            var answer = await clients.CloudFormation.DescribeStackResourceDriftsAsync(new DescribeStackResourceDriftsRequest { StackName = stack.Name, StackResourceDriftStatusFilters = ["MODIFIED", "DELETED"], NextToken = token }, cancellation);
            drifts.AddRange(answer.StackResourceDrifts ?? []);
            token = answer.NextToken;
        }
        while (token is not null);
        return [.. drifts.Select(d => new PlannedChange("Drift", "resource", $"{stack.Name}/{d.LogicalResourceId}", $"{d.StackResourceDriftStatus.Value} by somebody else{string.Concat((d.PropertyDifferences ?? []).Select(p => $"; {p.PropertyPath}: {p.ExpectedValue} -> {p.ActualValue}"))}"))];
    }
}
