using System.Text;
using Amazon.CloudWatchLogs.Model;
using Amazon.Runtime;
using Mlops.Platform.Aws.Access;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>What a job's or a model's program wrote, in CloudWatch Logs.</summary>
internal sealed class JobLogs(AwsClients clients)
{
    /// <summary>The log group of real-time and asynchronous endpoints, before the endpoint's name.</summary>
    public const string Endpoints = "/aws/sagemaker/Endpoints/";

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

    /// <summary>Copies all that was written, stream by stream (one for each host). Returns false where there is no log.</summary>
    /// <param name="prefix">Of the names of the streams; null: all.</param>
    public async Task<bool> CopyAsync(string group, string? prefix, Stream output, CancellationToken cancellation)
    {
        var found = false;
        var streams = Pages.AllAsync(
            token => clients.Logs.DescribeLogStreamsAsync(new DescribeLogStreamsRequest { LogGroupName = group, LogStreamNamePrefix = prefix, NextToken = token }, cancellation),
            a => a.LogStreams,
            a => a.NextToken);
        try
        {
            await foreach (var stream in streams)
            {
                found = true;
                await CopyStreamAsync(group, stream.LogStreamName, output, cancellation);
            }
        }
        catch (AmazonServiceException e) when (e.ErrorCode is "ResourceNotFoundException")
        {
            // No program of that kind has written anything in this account.
        }

        return found;
    }

    private async Task CopyStreamAsync(string group, string stream, Stream output, CancellationToken cancellation)
    {
        string? token = null;
        while (true)
        {
            var page = await clients.Logs.GetLogEventsAsync(new GetLogEventsRequest { LogGroupName = group, LogStreamName = stream, NextToken = token, StartFromHead = true }, cancellation);
            foreach (var line in page.Events ?? [])
                await output.WriteAsync(Encoding.UTF8.GetBytes((line.Message ?? "").TrimEnd() + "\n"), cancellation);
            // At the end the service answers the token that it was given.
            if (page.NextForwardToken is null || page.NextForwardToken == token)
                return;
            token = page.NextForwardToken;
        }
    }
}
