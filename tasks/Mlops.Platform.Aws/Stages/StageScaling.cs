using Mlops.Platform.Aws.Access;
using Mlops.Platform.Aws.Stacks;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stages;

/// <summary>Autoscaling that stands in the way of a change.</summary>
internal sealed class StageScaling(StageRequests requests, Func<StackTemplateFile, CancellationToken, Task<string>> storeTemplate, IEventSink events)
{
    /// <summary>
    /// "Update endpoints that use auto scaling": SageMaker changes neither the instance type nor the name of a variant that is registered with Application
    /// Auto Scaling. It is taken off first; the stack as it is wanted registers it again.
    /// </summary>
    /// <returns>Where that was done, what the stack was and is until the change; else null.</returns>
    public async Task<LetGo?> LetGoAsync(StackClient client, StackState? before, StackRequest wanted, CancellationToken cancellation)
    {
        if (before is not { IsWhole: true, TemplateSha256: { } hash } stack || await requests.SentAsync(hash, cancellation) is not { } there)
            return null;
        var after = wanted.Template.Variants(wanted.Parameters);
        if (!there.IsScaled(stack.Parameters) || there.Variants(stack.Parameters).All(v => after.GetValueOrDefault(v.Key) == v.Value))
            return null;
        events.Add(new Notice($"{stack.Name}: its variants become others, and SageMaker does not change those that are scaled: autoscaling is off until the change is through"));
        var tags = stack.Tags.Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        var scaled = new LetGo(await OfAsync(there), await OfAsync(there.WithoutScaling()));
        await client.PutAsync(scaled.Without, cancellation);
        return scaled;

        async Task<StackRequest> OfAsync(StackTemplateFile template) =>
            new(stack.Name, template, template.FitsInRequest ? null : await storeTemplate(template, cancellation), stack.Parameters.Where(p => template.Parameters.Contains(p.Key)).ToDictionary(StringComparer.Ordinal), tags);
    }

    /// <summary>
    /// The change did not go through: what was scaled before is scaled again. Where it did after all, or somebody else changed the stack, that stays. Why it
    /// did not is what the caller hears of.
    /// </summary>
    public async Task AgainAsync(StackClient client, LetGo scaled)
    {
        try
        {
            var now = await client.SettledAsync(scaled.Before.Name, CancellationToken.None);
            if (now?.Equals(scaled.Without) == true)
                await client.PutAsync(scaled.Before, CancellationToken.None);
            else if (now is { IsWhole: false })
                events.Add(AwsErrors.NotScaled(scaled.Before.Name));
        }
        catch (Exception e) when (((e as PlatformException)?.Problem ?? Failures.Explain(e, "")) is { } problem)
        {
            events.Add(problem);
            events.Add(AwsErrors.NotScaled(scaled.Before.Name));
        }
    }

    /// <param name="Before">The stack as it was.</param>
    /// <param name="Without">The same, with no variant scaled.</param>
    public sealed record LetGo(StackRequest Before, StackRequest Without);
}
