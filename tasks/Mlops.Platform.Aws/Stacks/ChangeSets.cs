using System.Diagnostics;
using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What CloudFormation would do, before it does it.</summary>
internal sealed class ChangeSets(AwsClients clients)
{
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(10);

    /// <summary>That CloudFormation takes to say what it would do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Of a change set that is meant to be executed, by what it does and what it starts from: a second try finds the first one's. A stack that is not there is another one each time.</summary>
    public static string NameOf(StackRequest request, StackState? before) => "mlops-" + Digest.Of(string.Join('\n', [request.Template.Sha256, before?.Id ?? Guid.NewGuid().ToString("N"), before?.Status ?? "", $"{before?.Changed:O}", .. Lines(request.Parameters), .. Lines(request.Tags)]))[..32];

    /// <summary>What a change would do to each resource; nothing of it is done.</summary>
    public async Task<IReadOnlyList<PlannedChange>> PreviewAsync(StackRequest request, StackState before, CancellationToken cancellation)
    {
        // Of a name of its own: a deploy, or another plan, may have one of the same content.
        var name = "plan-" + Guid.NewGuid().ToString("N");
        try
        {
            if (await CreateAsync(request, before, name, cancellation) is not { } changeSet)
                return [];
            await clients.CloudFormation.DeleteChangeSetAsync(new DeleteChangeSetRequest { StackName = request.Name, ChangeSetName = changeSet.ChangeSetId }, cancellation);
            return ResourceChanges.Of(request.Name, changeSet);
        }
        catch
        {
            await TryDeleteAsync(request.Name, name);
            throw;
        }
    }

    /// <summary>Null: there is nothing to change.</summary>
    public async Task<DescribeChangeSetResponse?> CreateAsync(StackRequest request, StackState? before, string name, CancellationToken cancellation)
    {
        try
        {
            await clients.CloudFormation.CreateChangeSetAsync(new CreateChangeSetRequest
            {
                StackName = request.Name,
                ChangeSetName = name,
                ChangeSetType = request.Imported is not null ? ChangeSetType.IMPORT : before is null or { IsEmpty: true } ? ChangeSetType.CREATE : ChangeSetType.UPDATE,
                ResourcesToImport = request.Imported is { } imported ? [imported] : null,
                TemplateBody = request.TemplateUrl is null ? request.Template.Body : null,
                TemplateURL = request.TemplateUrl,
                Parameters = [.. request.Parameters.Where(p => request.Template.Parameters.Contains(p.Key)).Select(p => new Parameter { ParameterKey = p.Key, ParameterValue = p.Value })],
                Tags = [.. request.Tags.Select(t => new Tag { Key = t.Key, Value = t.Value })],
                Capabilities = ["CAPABILITY_NAMED_IAM"],
                // A bucket, registry or repository that an earlier stack, or an earlier state of this one, left belongs to it.
                ImportExistingResources = request.Imported is null ? true : null,
                ClientToken = name,
            }, cancellation);
        }
        catch (AlreadyExistsException)
        {
            // Made by this request, whose answer was lost, or by a run that was broken off.
        }

        var (clock, waits) = (Stopwatch.StartNew(), new Waits(LongestPause));
        while (true)
        {
            var answer = await clients.CloudFormation.DescribeChangeSetAsync(new DescribeChangeSetRequest { StackName = request.Name, ChangeSetName = name, IncludePropertyValues = true }, cancellation);
            if (answer.Status == ChangeSetStatus.CREATE_COMPLETE)
                return await WholeAsync(answer, cancellation);
            if (answer.Status == ChangeSetStatus.FAILED)
            {
                await clients.CloudFormation.DeleteChangeSetAsync(new DeleteChangeSetRequest { StackName = request.Name, ChangeSetName = name }, cancellation);
                return IsEmpty(answer.StatusReason) ? null : throw AwsErrors.ChangeSetFailed(request.Name, answer.StatusReason ?? "no reason was given.").ToException();
            }

            if (clock.Elapsed > Patience)
                throw AwsErrors.StackBusy(request.Name, $"change set {name}: {answer.Status?.Value}", (int)clock.Elapsed.TotalMinutes).ToException();
            await waits.WaitAsync(cancellation);
        }
    }

    /// <summary>A long list of changes comes in pages.</summary>
    private async Task<DescribeChangeSetResponse> WholeAsync(DescribeChangeSetResponse first, CancellationToken cancellation)
    {
        first.Changes ??= [];
        for (var token = first.NextToken; token is not null;)
        {
            var next = await clients.CloudFormation.DescribeChangeSetAsync(new DescribeChangeSetRequest { StackName = first.StackName, ChangeSetName = first.ChangeSetId, NextToken = token, IncludePropertyValues = true }, cancellation);
            first.Changes.AddRange(next.Changes ?? []);
            token = next.NextToken;
        }

        return first;
    }

    /// <summary>A stack holds only so many change sets. One that is still being made is not deleted: that is worth no waiting to whoever wants to stop.</summary>
    private async Task TryDeleteAsync(string stack, string changeSet)
    {
        using var limit = new CancellationTokenSource(CleanUpPatience);
        try
        {
            await clients.CloudFormation.DeleteChangeSetAsync(new DeleteChangeSetRequest { StackName = stack, ChangeSetName = changeSet }, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException || Failures.Explain(e, "") is not null)
        {
            // It stays, and does nothing.
        }
    }

    private static bool IsEmpty(string? reason) => reason is not null && (reason.Contains("didn't contain changes", StringComparison.Ordinal) || reason.Contains("No updates are to be performed", StringComparison.Ordinal));

    private static IEnumerable<string> Lines(IReadOnlyDictionary<string, string> values) => values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}");
}
