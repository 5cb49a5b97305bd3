using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Verbs;

/// <summary>What a stage serves, as far as whoever asks may see it: its account may be one that only a deploy enters.</summary>
public static class StageView
{
    /// <returns>Hidden: why it cannot be seen; null: it can.</returns>
    public static async Task<(StageState? State, Problem? Hidden)> OfAsync(VerbContext context, Stage stage, CancellationToken cancellation)
    {
        try
        {
            return (await context.Platform.Stages.DescribeAsync(stage, cancellation), null);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && ((e as PlatformException)?.Problem ?? context.Platform.Explain(e)) is { Code: PlatformErrors.AccessDenied or PlatformErrors.RoleRefused } problem)
        {
            return (null, problem);
        }
    }
}
