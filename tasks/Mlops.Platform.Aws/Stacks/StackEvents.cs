using Amazon.CloudFormation.Model;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What CloudFormation tells of its work on a stack.</summary>
internal sealed class StackEvents(AwsClients clients)
{
    /// <summary>The newest one's id; null: there is none.</summary>
    public async Task<string?> LastAsync(string name, CancellationToken cancellation) =>
        (await clients.CloudFormation.DescribeStackEventsAsync(new DescribeStackEventsRequest { StackName = name }, cancellation)).StackEvents?.FirstOrDefault()?.EventId;

    /// <summary>Those after one, the oldest first.</summary>
    /// <param name="last">Its id; null: all.</param>
    public async Task<IReadOnlyList<StackEvent>> NewAsync(string name, string? last, CancellationToken cancellation) => await Pages.AllAsync(
        token => clients.CloudFormation.DescribeStackEventsAsync(new DescribeStackEventsRequest { StackName = name, NextToken = token }, cancellation),
        a => a.StackEvents,
        a => a.NextToken).TakeWhile(e => e.EventId != last).Reverse().ToListAsync(cancellation);

    /// <summary>The first failure is the cause; what fails after it was only cancelled.</summary>
    public static bool IsCause(StackEvent e) => e.ResourceStatus?.Value.EndsWith("_FAILED", StringComparison.Ordinal) == true && e.ResourceStatusReason?.Contains("cancelled", StringComparison.OrdinalIgnoreCase) != true;
}
