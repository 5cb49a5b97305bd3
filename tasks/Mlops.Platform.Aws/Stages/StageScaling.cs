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
    /// <returns>What the stack was, where that was done; else null.</returns>
    public async Task<StackRequest?> LetGoAsync(StackClient client, StackState? before, StackRequest wanted, CancellationToken cancellation)
    {
        if (before is not { IsWhole: true, TemplateSha256: { } hash } stack || await requests.SentAsync(hash, cancellation) is not { } there)
            return null;
        var after = wanted.Template.Variants(wanted.Parameters);
        if (!there.IsScaled || there.Variants(stack.Parameters).All(v => after.GetValueOrDefault(v.Key) == v.Value))
            return null;
        events.Add(new Notice($"{stack.Name}: its variants become others, and SageMaker does not change those that are scaled: autoscaling is off until the change is through"));
        var tags = stack.Tags.Where(t => !t.Key.StartsWith("aws:", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        await client.PutAsync(await OfAsync(there.WithoutScaling()), cancellation);
        return await OfAsync(there);

        async Task<StackRequest> OfAsync(StackTemplateFile template) =>
            new(stack.Name, template, template.FitsInRequest ? null : await storeTemplate(template, cancellation), stack.Parameters.Where(p => template.Parameters.Contains(p.Key)).ToDictionary(StringComparer.Ordinal), tags);
    }

    /// <summary>The change did not go through: what was scaled before is scaled again. Why it did not is what the caller hears of.</summary>
    public async Task AgainAsync(StackClient client, StackRequest before)
    {
        try
        {
            await client.PutAsync(before, CancellationToken.None);
        }
        catch (Exception e) when (((e as PlatformException)?.Problem ?? Failures.Explain(e, "")) is { } problem)
        {
            events.Add(problem);
            events.Add(AwsErrors.NotScaled(before.Name));
        }
    }
}
