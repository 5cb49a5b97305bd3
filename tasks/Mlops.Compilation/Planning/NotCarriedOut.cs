using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>
/// What the configuration asks for and a platform of this version does not carry out. It is checked and built like everything else; the verbs
/// say so at its place before they begin, since a run without it would not be the run that was asked for. Functions, queues, clusters and algorithms
/// that only an image holds are not listed: a stand-in may be asked, and a run without one says so at once.
/// </summary>
internal static class NotCarriedOut
{
    private const string Local = PlatformNames.Local;

    public static IReadOnlyList<PlannedGap> Of(ModelConfig config) => [.. Build(config), .. Stages(config), .. Whole(config)];

    private static IEnumerable<PlannedGap> Build(ModelConfig config)
    {
        var build = config.Build;
        (string Key, Span? Place)[] sections = [("build.check_data", build?.CheckData?.Span), ("build.bias", build?.Bias?.Span), ("build.explain", build?.Explain?.Span)];
        foreach (var (key, place) in sections)
        {
            if (place is { } at)
                yield return Essential(key, at);
        }
    }

    private static IEnumerable<PlannedGap> Stages(ModelConfig config)
    {
        foreach (var stage in config.Deploy ?? [])
        {
            var name = $"deploy.{stage.Stage?.Value}";
            (string Key, Span? Place, string? Platform)[] keys =
            [
                ("keep", stage.Keep?.Span, null),
                // Objects expire in the bucket that the build's stack makes, as 'aws.retention' says for all.
                ("aws.retention.runs", stage.Aws?.Retention?.Runs?.Span, PlatformNames.Aws), ("aws.retention.capture", stage.Aws?.Retention?.Capture?.Span, PlatformNames.Aws),
                ("realtime.autoscaling", stage.Realtime?.Autoscaling?.Span, Local),
                ("async.autoscaling", stage.Async?.Autoscaling is { Min: { Value: > 0 } } scaling ? scaling.Span : null, Local),
                // Locally they guard a rollout, and nobody else is told.
                ("alarms", stage.Realtime?.Rollout is null ? stage.Alarms?.Span : null, Local),
            ];
            foreach (var (key, place, platform) in keys)
            {
                if (place is { } at)
                    yield return new PlannedGap($"{name}.{key}", at, false, platform);
            }
        }
    }

    private static IEnumerable<PlannedGap> Whole(ModelConfig config)
    {
        (string Key, Span? Place, string? Platform)[] sections =
        [
            ("monitor", config.Monitor?.Span, null), ("retrain.on_violation", config.Retrain?.OnViolation is [var violation, ..] ? violation.Span : null, Local),
            ("notify", config.Notify?.Span, Local), ("access", config.Access?.Span, Local), ("labeling", config.Labeling?.Span, null),
        ];
        foreach (var (key, place, platform) in sections)
        {
            if (place is { } at)
                yield return new PlannedGap(key, at, false, platform);
        }

        // Whoever changes files of the repository publishes them; nothing on aws sees that.
        if (config.Retrain?.OnNewData?.FirstOrDefault(d => config.Data?.Find(d.Value)?.Value?.Source is { } source && !source.Value.Text.StartsWith(S3Uri.Scheme, StringComparison.Ordinal)) is { Value.Length: > 0 } local)
            yield return new PlannedGap("retrain.on_new_data", local.Span, false, PlatformNames.Aws);
        // A bucket of the user's own keeps its own rules.
        foreach (var (key, place) in new[] { ("aws.retention.runs", config.Aws?.Retention?.Runs?.Span), ("aws.retention.capture", config.Aws?.Retention?.Capture?.Span) })
        {
            if (config.Aws?.Bucket is not null && place is { } at)
                yield return new PlannedGap(key, at, false, PlatformNames.Aws);
        }
    }

    private static PlannedGap Essential(string key, Span place) => new(key, place, true, null);
}
