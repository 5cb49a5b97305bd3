using Amazon.CloudWatchLogs.Model;
using Amazon.Runtime;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>What a job's program wrote, in CloudWatch Logs.</summary>
internal sealed class JobLogs(AwsClients clients)
{
    private const int Lines = 20;

    /// <summary>The last lines, oldest first; none where the log is not there or may not be read: the job's own reason is shown in any case.</summary>
    public async Task<IReadOnlyList<string>> TailAsync(string group, string job, CancellationToken cancellation)
    {
        try
        {
            var streams = await clients.Logs.DescribeLogStreamsAsync(new DescribeLogStreamsRequest { LogGroupName = group, LogStreamNamePrefix = job + "/", Limit = 5 }, cancellation);
            if (streams.LogStreams is not [{ LogStreamName: { } stream }, ..])
                return [];
            var answer = await clients.Logs.GetLogEventsAsync(new GetLogEventsRequest { LogGroupName = group, LogStreamName = stream, Limit = Lines, StartFromHead = false }, cancellation);
            return [.. (answer.Events ?? []).Select(e => (e.Message ?? "").TrimEnd())];
        }
        catch (AmazonServiceException)
        {
            return [];
        }
    }
}
