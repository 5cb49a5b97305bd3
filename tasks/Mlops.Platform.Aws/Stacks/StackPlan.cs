using Mlops.Platform.Aws.Access;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What a stack's change would be, resource by resource, as CloudFormation itself says; and what somebody else changed in the meantime.</summary>
internal sealed class StackPlan(AwsClients clients, IEventSink events)
{
    /// <param name="store">Puts a template that is too large for a request where it can be read.</param>
    public async Task<IReadOnlyList<PlannedChange>> OfAsync(StackRequest request, StackState? stack, Func<StackTemplateFile, CancellationToken, Task<string>> store, CancellationToken cancellation)
    {
        if (stack is { IsEmpty: false, IsWhole: false, NeverWhole: false })
            return [Unfinished(stack)];
        if (stack is null or { IsWhole: false } or { IsBare: true })
            return [new PlannedChange("Add", "stack", request.Name, stack is null or { IsEmpty: true } or { IsBare: true } ? null : $"in place of a first try that failed ({stack.Status})"), .. request.Template.Resources.Select(r => new PlannedChange("Add", "resource", $"{request.Name}/{r.Id}", r.Type))];
        var drift = await new StackDrift(clients, events).OfAsync(stack.Name, cancellation);
        if (stack.Equals(request))
            return drift;
        if (!request.Template.FitsInRequest)
            request = request with { TemplateUrl = await store(request.Template, cancellation) };
        var changes = await new StackClient(clients, events).PreviewAsync(request, stack, cancellation);
        return [new PlannedChange("Change", "stack", request.Name), .. changes, .. drift];
    }

    public static PlannedChange Unfinished(StackState stack) => new("Change", "stack", stack.Name, $"is in {stack.Status}: a deploy waits for its end, or says what to do");
}
