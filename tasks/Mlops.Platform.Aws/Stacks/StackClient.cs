using System.Diagnostics;
using System.Globalization;
using Amazon.CloudFormation;
using Amazon.CloudFormation.Model;
using Mlops.Definitions;
using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>Stacks by change sets: what they are, what would change, and how it goes. A stack that another changes is waited for; a broken first try is replaced.</summary>
internal sealed class StackClient(AwsClients clients, IEventSink events)
{
    private readonly ChangeSets changeSets = new(clients);
    private readonly StackEvents log = new(clients);

    /// <summary>After so long a change set that was executed has shown an event.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

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

    /// <summary>What a change would do to each resource; nothing of it is done.</summary>
    public Task<IReadOnlyList<PlannedChange>> PreviewAsync(StackRequest request, StackState before, CancellationToken cancellation) => changeSets.PreviewAsync(request, before, cancellation);

    /// <summary>Makes a stack be as asked, and returns it.</summary>
    public async Task<StackState> PutAsync(StackRequest request, CancellationToken cancellation)
    {
        foreach (var missing in request.Template.Parameters.Where(p => !request.Parameters.ContainsKey(p) && !request.Template.Defaults.ContainsKey(p)))
            throw AwsErrors.MissingParameter(request.Name, missing).ToException();
        var before = await ReadyAsync(request.Name, cancellation);
        if (request.Imported is not null && before is { IsEmpty: false })
            return before; // Somebody else was faster.
        DescribeChangeSetResponse? changeSet;
        try
        {
            changeSet = await changeSets.CreateAsync(request, before, ChangeSets.NameOf(request, before), cancellation);
        }
        catch (ChangeSetNotFoundException)
        {
            return await TheirsAsync(request, cancellation);
        }
        catch (AmazonCloudFormationException e) when (e.ErrorCode == "ValidationError" && (e.Message.Contains("_IN_PROGRESS state", StringComparison.Ordinal) || e.Message.Contains("already exists and cannot be created again", StringComparison.Ordinal)))
        {
            // Somebody began to change it since it was looked at: that is waited for.
            await Task.Delay(Waits.First, cancellation);
            return await PutAsync(request, cancellation);
        }

        if (changeSet is null)
            return before!;
        foreach (var change in ResourceChanges.Of(request.Name, changeSet))
            events.Add(change);
        var modified = (changeSet.Changes ?? []).Select(c => c.ResourceChange).OfType<ResourceChange>().Where(c => c.Action == ChangeAction.Modify).Select(c => c.LogicalResourceId);
        await new StackDrift(clients, events).WarnAsync(request.Name, modified, cancellation);
        var began = await log.LastAsync(request.Name, cancellation);
        try
        {
            await clients.CloudFormation.ExecuteChangeSetAsync(new ExecuteChangeSetRequest { ChangeSetName = changeSet.ChangeSetId, StackName = request.Name, ClientRequestToken = Digest.Of(changeSet.ChangeSetId) }, CancellationToken.None); // Once it is asked for, whoever stops hears that it goes on.
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
            return await TheirsAsync(request, cancellation);
        }

        var ended = await FollowAsync(request.Name, changeSet.StackId ?? request.Name, began, cancellation);
        return request.Imported is not null || ended.Equals(request) ? ended : throw AwsErrors.ChangedMeanwhile(request.Name).ToException();
    }

    /// <summary>Somebody else's change set was executed, which deletes all others: where it made what is wanted here, that is done.</summary>
    private async Task<StackState> TheirsAsync(StackRequest request, CancellationToken cancellation) =>
        await SettledAsync(request.Name, cancellation) is { } theirs && (request.Imported is not null || theirs.Equals(request)) ? theirs : throw AwsErrors.ChangedMeanwhile(request.Name).ToException();

    public async Task ProtectAsync(string name, bool on, CancellationToken cancellation) =>
        await clients.CloudFormation.UpdateTerminationProtectionAsync(new UpdateTerminationProtectionRequest { StackName = name, EnableTerminationProtection = on }, cancellation);

    /// <summary>Takes a stack away; what its template retains stays. Returns false where there was none.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation)
    {
        if (await SettledAsync(name, cancellation) is not { } stack)
            return false;
        events.Add(new Notice($"{name}: deleting"));
        var began = await log.LastAsync(stack.Id, cancellation);
        // Each try is another one: what a request before it came to is seen in the stack.
        await clients.CloudFormation.DeleteStackAsync(new DeleteStackRequest { StackName = stack.Id, ClientRequestToken = "delete-" + Guid.NewGuid().ToString("N") }, cancellation);
        var (clock, waits) = (Stopwatch.StartNew(), new Waits(LongestPause));
        // By its id: a stack that is gone is still known by it, and another of the same name is not meant.
        while (await FindAsync(stack.Id, cancellation) is { } left)
        {
            if (left.Status == "DELETE_FAILED" && (stack.Status != "DELETE_FAILED" || clock.Elapsed > Grace))
                throw Stuck(left, (await log.NewAsync(stack.Id, began, cancellation)).FirstOrDefault(StackEvents.IsCause));
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
    public async Task<StackState?> ReadyAsync(string name, CancellationToken cancellation)
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
        "DELETE_FAILED" => $"aws cloudformation delete-stack --stack-name {stack.Name} --region {stack.Region}",
        "IMPORT_ROLLBACK_FAILED" => $"aws cloudformation describe-stack-events --stack-name {stack.Name} --region {stack.Region}",
        "UPDATE_FAILED" => $"aws cloudformation rollback-stack --stack-name {stack.Name} --region {stack.Region}",
        _ => $"aws cloudformation continue-update-rollback --stack-name {stack.Name} --region {stack.Region}",
    }).ToException();

    /// <summary>Shows a stack's events until nobody changes it, and says why where it went back.</summary>
    /// <param name="id">By which a stack is still known that somebody deletes meanwhile.</param>
    private async Task<StackState> FollowAsync(string name, string id, string? began, CancellationToken cancellation)
    {
        var (clock, waits, last) = (Stopwatch.StartNew(), new Waits(LongestPause), began);
        StackEvent? cause = null;
        while (true)
        {
            var fresh = await log.NewAsync(id, last, cancellation);
            foreach (var e in fresh)
            {
                last = e.EventId;
                cause ??= StackEvents.IsCause(e) ? e : null;
                if (e.ResourceStatus?.Value is { } status && (status.EndsWith("_COMPLETE", StringComparison.Ordinal) || status.EndsWith("_FAILED", StringComparison.Ordinal)) && e.PhysicalResourceId != e.StackId)
                    events.Add(new Notice(string.Create(CultureInfo.InvariantCulture, $"{name}: {e.LogicalResourceId} {status} ({clock.Elapsed.TotalSeconds:F0} s){(e.ResourceStatusReason is { Length: > 0 } reason ? ": " + reason : "")}")));
            }

            // Events first, then the state: the last ones are not missed. Before the first event the state is still the old one.
            if (fresh.Count == 0 && (last != began || clock.Elapsed > Grace))
            {
                if (await FindAsync(id, cancellation) is not { IsEmpty: false } now)
                    throw AwsErrors.ChangedMeanwhile(name).ToException();
                if (!now.InProgress)
                    return now.IsWhole && now.Status is not ("UPDATE_ROLLBACK_COMPLETE" or "IMPORT_ROLLBACK_COMPLETE") ? now : throw Failed(now, cause);
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

    private static PlatformException Failed(StackState stack, StackEvent? cause)
    {
        if (stack.IsStuck)
            return Stuck(stack, cause);
        var state = stack.Status == "UPDATE_ROLLBACK_COMPLETE" ? "It is as it was before." : "Nothing of it is left that serves; the next try replaces it.";
        return AwsErrors.StackFailed(stack.Name, cause?.LogicalResourceId ?? stack.Status, cause?.ResourceStatusReason ?? "no reason was given.", state).ToException();
    }
}
