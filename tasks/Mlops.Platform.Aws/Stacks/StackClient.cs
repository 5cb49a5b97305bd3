using System.Diagnostics;
using System.Globalization;
using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <param name="TemplateUrl">Null: the template goes with the request.</param>
internal sealed record StackRequest(string Name, StackTemplateFile Template, string? TemplateUrl, IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, string> Tags);

/// <summary>Stacks by change sets: what they are, what would change, and how it goes. A stack that another changes is waited for; a broken first try is replaced.</summary>
internal sealed class StackClient(AwsClients clients, IEventSink events)
{
    /// <summary>After so long a change set that was executed has shown an event.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(10);

    /// <summary>Of a value that is shown.</summary>
    private const int LongestValue = 60;

    /// <summary>Of what two long values begin with alike, so much is shown.</summary>
    private const int LeadingCharacters = 20;

    /// <summary>What CloudFormation says of a value that it learns only while it works (DescribeChangeSet).</summary>
    private const string KnownLater = "{{changeSet:KNOWN_AFTER_APPLY}}";

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(9); // An endpoint's rollout may take eight.

    /// <summary>Null: there is none.</summary>
    public async Task<StackState?> FindAsync(string name, CancellationToken cancellation)
    {
        try
        {
            var answer = await clients.CloudFormation.DescribeStacksAsync(new DescribeStacksRequest { StackName = name }, cancellation);
            return answer.Stacks is [var stack, ..] && stack.StackStatus != StackStatus.DELETE_COMPLETE ? StackState.Of(stack) : null;
        }
        catch (AmazonCloudFormationException e) when (e.ErrorCode == "ValidationError" && e.Message.Contains("does not exist", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>Makes a stack be as asked, and returns it.</summary>
    public async Task<StackState> PutAsync(StackRequest request, CancellationToken cancellation)
    {
        foreach (var missing in request.Template.Parameters.Where(p => !request.Parameters.ContainsKey(p) && !request.Template.Defaults.ContainsKey(p)))
            throw AwsErrors.MissingParameter(request.Name, missing).ToException();
        var before = await ReadyAsync(request.Name, cancellation);
        // Named by what it does and what it starts from: a second try finds the first one's. A stack that is not there is another one each time.
        var name = "mlops-" + ContentHash.OfText(string.Join('\n', [request.Template.Sha256, before?.Id ?? Guid.NewGuid().ToString("N"), before?.Status ?? "", $"{before?.Changed:O}", .. Lines(request.Parameters), .. Lines(request.Tags)]))[..32];
        var changeSet = await CreateChangeSetAsync(request, before, name, cancellation);
        if (changeSet is null)
            return before!;
        foreach (var change in Changes(request.Name, changeSet))
            events.Add(change);
        var modified = (changeSet.Changes ?? []).Select(c => c.ResourceChange).OfType<ResourceChange>().Where(c => c.Action == ChangeAction.Modify).Select(c => c.LogicalResourceId);
        await new StackDrift(clients, events).WarnAsync(request.Name, modified, cancellation);
        var began = await LastEventAsync(request.Name, cancellation);
        try
        {
            await clients.CloudFormation.ExecuteChangeSetAsync(new ExecuteChangeSetRequest { ChangeSetName = changeSet.ChangeSetId, StackName = request.Name, ClientRequestToken = ContentHash.OfText(changeSet.ChangeSetId) }, cancellation);
        }
        catch (InvalidChangeSetStatusException)
        {
            // Where the answer to the first request was lost, and it was sent again, the change set is being executed. Else somebody was faster.
            var now = await clients.CloudFormation.DescribeChangeSetAsync(new DescribeChangeSetRequest { StackName = request.Name, ChangeSetName = changeSet.ChangeSetId }, cancellation);
            if (now.ExecutionStatus != ExecutionStatus.EXECUTE_IN_PROGRESS && now.ExecutionStatus != ExecutionStatus.EXECUTE_COMPLETE)
                throw AwsErrors.ChangedMeanwhile(request.Name).ToException();
        }

        catch (ChangeSetNotFoundException)
        {
            // Somebody else's was executed, which deletes all others: where it made what is wanted here, that is done.
            return await SettledAsync(request.Name, cancellation) is { } theirs && theirs.Equals(request) ? theirs : throw AwsErrors.ChangedMeanwhile(request.Name).ToException();
        }

        var ended = await FollowAsync(request.Name, began, cancellation);
        return ended.Equals(request) ? ended : throw AwsErrors.ChangedMeanwhile(request.Name).ToException();
    }

    /// <summary>What a change would do to each resource; nothing of it is done.</summary>
    public async Task<IReadOnlyList<PlannedChange>> PreviewAsync(StackRequest request, StackState before, CancellationToken cancellation)
    {
        // Of a name of its own: a deploy, or another plan, may have one of the same content.
        var name = "plan-" + Guid.NewGuid().ToString("N");
        try
        {
            if (await CreateChangeSetAsync(request, before, name, cancellation) is not { } changeSet)
                return [];
            await clients.CloudFormation.DeleteChangeSetAsync(new DeleteChangeSetRequest { StackName = request.Name, ChangeSetName = changeSet.ChangeSetId }, cancellation);
            return Changes(request.Name, changeSet);
        }
        catch
        {
            await TryDeleteAsync(request.Name, name);
            throw;
        }
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

    public async Task ProtectAsync(string name, bool on, CancellationToken cancellation) =>
        await clients.CloudFormation.UpdateTerminationProtectionAsync(new UpdateTerminationProtectionRequest { StackName = name, EnableTerminationProtection = on }, cancellation);

    /// <summary>Takes a stack away; what its template retains stays. Returns false where there was none.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        if (await SettledAsync(name, cancellation) is not { } stack)
            return false;
        events.Add(new Notice($"{name}: deleting"));
        var began = await LastEventAsync(stack.Id, cancellation);
        // A try after DELETE_FAILED is another one.
        var token = "delete-" + ContentHash.OfText(string.Create(CultureInfo.InvariantCulture, $"{stack.Id}|{stack.Status}|{stack.Changed:O}"))[..32];
        await clients.CloudFormation.DeleteStackAsync(new DeleteStackRequest { StackName = stack.Id, ClientRequestToken = token }, cancellation);
        var (clock, waits) = (Stopwatch.StartNew(), new Waits(LongestPause));
        // By its id: a stack that is gone is still known by it, and another of the same name is not meant.
        while (await FindAsync(stack.Id, cancellation) is { } left)
        {
            if (left.Status == "DELETE_FAILED" && (stack.Status != "DELETE_FAILED" || clock.Elapsed > Grace))
                throw Stuck(left, (await NewEventsAsync(stack.Id, began, cancellation)).FirstOrDefault(IsCause));
            if (clock.Elapsed > Patience)
                throw AwsErrors.StackBusy(name, left.Status, (int)clock.Elapsed.TotalMinutes).ToException();
            await waits.WaitAsync(cancellation);
        }

        return true;
    }

    /// <summary>A stack once nobody changes it.</summary>
    public async Task<StackState?> SettledAsync(string name, CancellationToken cancellation)
    {
        var (clock, waits, told) = (Stopwatch.StartNew(), new Waits(LongestPause), false);
        while (await FindAsync(name, cancellation) is { } stack)
        {
            if (!stack.InProgress)
                return stack;
            if (clock.Elapsed > Patience)
                throw AwsErrors.StackBusy(name, stack.Status, (int)clock.Elapsed.TotalMinutes).ToException();
            if (!told && clock.Elapsed > LongestPause)
            {
                told = true;
                events.Add(new Notice($"{name}: {stack.Status}; waiting for it"));
            }

            await waits.WaitAsync(cancellation);
        }

        return null;
    }

    /// <summary>A stack that a change set may be made for: what a first try left is taken away, and what only a person can put right is said.</summary>
    private async Task<StackState?> ReadyAsync(string name, CancellationToken cancellation)
    {
        var stack = await SettledAsync(name, cancellation);
        if (stack is { IsStuck: true })
            throw Stuck(stack);
        if (stack is not { NeverWhole: true })
            return stack;
        events.Add(new Notice($"{name}: {stack.Status} of a first try; replacing it"));
        await DeleteAsync(name, cancellation);
        return null;
    }

    /// <summary>Of a stack that is no longer what it was, and not yet what it will be.</summary>
    public static PlatformException Unfinished(StackState stack) => stack.IsStuck ? Stuck(stack) : AwsErrors.StackBusy(stack.Name, stack.Status, 0).ToException();

    /// <param name="cause">The event that says why, where it was seen.</param>
    private static PlatformException Stuck(StackState stack, StackEvent? cause = null) => AwsErrors.StackStuck(stack.Name, stack.Status, cause is null ? null : $"{cause.LogicalResourceId}: {cause.ResourceStatusReason}", stack.Status switch
    {
        "DELETE_FAILED" => $"aws cloudformation delete-stack --stack-name {stack.Name}",
        "IMPORT_ROLLBACK_FAILED" => $"aws cloudformation describe-stack-events --stack-name {stack.Name}",
        "UPDATE_FAILED" => $"aws cloudformation rollback-stack --stack-name {stack.Name}",
        _ => $"aws cloudformation continue-update-rollback --stack-name {stack.Name}",
    }).ToException();

    /// <summary>Null: there is nothing to change.</summary>
    private async Task<DescribeChangeSetResponse?> CreateChangeSetAsync(StackRequest request, StackState? before, string name, CancellationToken cancellation)
    {
        try
        {
            await clients.CloudFormation.CreateChangeSetAsync(new CreateChangeSetRequest
            {
                StackName = request.Name,
                ChangeSetName = name,
                ChangeSetType = before is null or { IsEmpty: true } ? ChangeSetType.CREATE : ChangeSetType.UPDATE,
                TemplateBody = request.TemplateUrl is null ? request.Template.Body : null,
                TemplateURL = request.TemplateUrl,
                Parameters = [.. request.Parameters.Where(p => request.Template.Parameters.Contains(p.Key)).Select(p => new Parameter { ParameterKey = p.Key, ParameterValue = p.Value })],
                Tags = [.. request.Tags.Select(t => new Tag { Key = t.Key, Value = t.Value })],
                Capabilities = ["CAPABILITY_NAMED_IAM"],
                // A bucket, registry or repository that an earlier stack, or an earlier state of this one, left belongs to it.
                ImportExistingResources = true,
                ClientToken = name,
            }, cancellation);
        }
        catch (AlreadyExistsException)
        {
            // Made by this request, whose answer was lost, or by a run that was broken off.
        }

        var waits = new Waits(LongestPause);
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

    private static List<PlannedChange> Changes(string stack, DescribeChangeSetResponse changeSet) => [.. (changeSet.Changes ?? []).Select(c => c.ResourceChange).OfType<ResourceChange>().Select(c => Change(stack, c))];

    private static PlannedChange Change(string stack, ResourceChange change)
    {
        var action = change.Action?.Value switch { "Add" => "Add", "Remove" => "Remove", _ when change.Replacement?.Value is "True" or "Conditional" => "Replace", _ => "Change" };
        var properties = (change.Details ?? []).Select(d => d.Target).OfType<ResourceTargetDefinition>().Select(Property).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        return new PlannedChange(action, "resource", $"{stack}/{change.LogicalResourceId}", properties.Count == 0 ? change.ResourceType : $"{change.ResourceType}: {string.Join("; ", properties)}");
    }

    /// <summary>A property with its values, where CloudFormation knows them; what it only learns while it works has none.</summary>
    private static string? Property(ResourceTargetDefinition target)
    {
        if (target.Path is not { } path || (target.BeforeValue ?? target.AfterValue) is null)
            return target.Name;
        // What both begin with is cut first: the difference is what the reader looks for.
        var (before, after) = (target.BeforeValue, target.AfterValue);
        var alike = before is null || after is null || (before.Length <= LongestValue && after.Length <= LongestValue) ? 0 : before.Zip(after).TakeWhile(p => p.First == p.Second).Count();
        return $"{path.Replace("/Properties/", "", StringComparison.Ordinal).Replace('/', '.')}: {Shown(before)} -> {Shown(after)}";

        string Shown(string? value)
        {
            if (value is null or KnownLater)
                return value is null ? "none" : "known once it is made";
            var from = alike > LeadingCharacters ? alike - LeadingCharacters : 0;
            return $"{(from > 0 ? "..." : "")}{(value.Length - from <= LongestValue ? value[from..] : value[from..(from + LongestValue)] + "...")}";
        }
    }

    private static bool IsEmpty(string? reason) => reason is not null && (reason.Contains("didn't contain changes", StringComparison.Ordinal) || reason.Contains("No updates are to be performed", StringComparison.Ordinal));

    private async Task<string?> LastEventAsync(string name, CancellationToken cancellation) =>
        (await clients.CloudFormation.DescribeStackEventsAsync(new DescribeStackEventsRequest { StackName = name }, cancellation)).StackEvents?.FirstOrDefault()?.EventId;

    /// <summary>Shows a stack's events until nobody changes it, and says why where it went back.</summary>
    private async Task<StackState> FollowAsync(string name, string? began, CancellationToken cancellation)
    {
        var (clock, waits, last) = (Stopwatch.StartNew(), new Waits(LongestPause), began);
        StackEvent? cause = null;
        while (true)
        {
            var fresh = await NewEventsAsync(name, last, cancellation);
            foreach (var e in fresh)
            {
                last = e.EventId;
                cause ??= IsCause(e) ? e : null;
                if (e.ResourceStatus?.Value is { } status && (status.EndsWith("_COMPLETE", StringComparison.Ordinal) || status.EndsWith("_FAILED", StringComparison.Ordinal)) && e.PhysicalResourceId != e.StackId)
                    events.Add(new Notice(string.Create(CultureInfo.InvariantCulture, $"{name}: {e.LogicalResourceId} {status} ({clock.Elapsed.TotalSeconds:F0} s){(e.ResourceStatusReason is { Length: > 0 } reason ? ": " + reason : "")}")));
            }

            // Events first, then the state: the last ones are not missed. Before the first event the state is still the old one.
            if (fresh.Count == 0 && (last != began || clock.Elapsed > Grace) && await FindAsync(name, cancellation) is { InProgress: false } ended)
            {
                if (ended.IsEmpty)
                    throw AwsErrors.ChangedMeanwhile(name).ToException();
                return ended.IsWhole && ended.Status != "UPDATE_ROLLBACK_COMPLETE" ? ended : throw Failed(ended, cause);
            }

            if (clock.Elapsed > Patience)
                throw AwsErrors.StackBusy(name, "progress", (int)clock.Elapsed.TotalMinutes).ToException();
            if (fresh.Count > 0)
                waits.Reset();
            try
            {
                await waits.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                events.Add(new Notice($"{name}: CloudFormation goes on with the change that was begun. 'mlops status --platform aws' says what serves; the same command again waits for it and goes on."));
                throw;
            }
        }
    }

    /// <summary>The first failure is the cause; what fails after it was only cancelled.</summary>
    private static bool IsCause(StackEvent e) => e.ResourceStatus?.Value.EndsWith("_FAILED", StringComparison.Ordinal) == true && e.ResourceStatusReason?.Contains("cancelled", StringComparison.OrdinalIgnoreCase) != true;

    private static PlatformException Failed(StackState stack, StackEvent? cause)
    {
        if (stack.IsStuck)
            return Stuck(stack, cause);
        var state = stack.Status == "UPDATE_ROLLBACK_COMPLETE" ? "It is as it was before." : "Nothing of it is left that serves; the next try replaces it.";
        return AwsErrors.StackFailed(stack.Name, cause?.LogicalResourceId ?? stack.Status, cause?.ResourceStatusReason ?? "no reason was given.", state).ToException();
    }

    /// <summary>Oldest first.</summary>
    private async Task<IReadOnlyList<StackEvent>> NewEventsAsync(string name, string? last, CancellationToken cancellation)
    {
        var found = new List<StackEvent>();
        string? token = null;
        do
        {
            var answer = await clients.CloudFormation.DescribeStackEventsAsync(new DescribeStackEventsRequest { StackName = name, NextToken = token }, cancellation);
            foreach (var e in answer.StackEvents ?? [])
            {
                if (e.EventId == last)
                    return [.. Enumerable.Reverse(found)];
                found.Add(e);
            }

            token = answer.NextToken;
        }
        while (token is not null);
        return [.. Enumerable.Reverse(found)];
    }

    private static IEnumerable<string> Lines(IReadOnlyDictionary<string, string> values) => values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}");
}
