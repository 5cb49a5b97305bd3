using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>
/// What the configuration asks for and no platform of this version carries out. It is checked and built like everything else; the verbs
/// say so at its place before they begin, since a run without it would not be the run that was asked for.
/// </summary>
internal static class NotCarriedOut
{
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

        // A function and a queue are asked by a stand-in; without one the run says so at once.
        foreach (var step in (build?.Steps ?? NamedMap<FurtherStep>.Empty).Where(s => s.Value is EmrStep))
            yield return Essential($"build.steps.{step.Name}", step.NameSpan);
        if (build?.Train is { Algorithm: { Value.Name: not "xgboost" } algorithm })
            yield return Essential("build.train.algorithm", algorithm.Span);
        foreach (var (key, container) in new[] { ("inference.preprocess", config.Inference?.Preprocess), ("inference.postprocess", config.Inference?.Postprocess) })
        {
            if (container is not null)
                yield return Essential(key, container.Span);
        }
    }

    private static IEnumerable<PlannedGap> Stages(ModelConfig config)
    {
        foreach (var stage in config.Deploy ?? [])
        {
            var name = $"deploy.{stage.Stage?.Value}";
            (string Key, Span? Place, bool Essential)[] keys =
            [
                ("serverless", stage.Serverless?.Span, true), ("async", stage.Async?.Span, true), ("batch", stage.Batch?.Span, true), ("stream", stage.Stream?.Span, true),
                ("realtime.variants", stage.Realtime?.Variants?[0].Span, true), ("realtime.shadow", stage.Realtime?.Shadow?.Span, true), ("realtime.rollout", stage.Realtime?.Rollout?.Span, false),
                ("capture", stage.Capture?.Span, false), ("alarms", stage.Alarms?.Span, false), ("keep", stage.Keep?.Span, false),
            ];
            foreach (var (key, place, essential) in keys)
            {
                if (place is { } at)
                    yield return new PlannedGap($"{name}.{key}", at, essential);
            }
        }
    }

    private static IEnumerable<PlannedGap> Whole(ModelConfig config)
    {
        (string Key, Span? Place)[] sections =
        [
            ("monitor", config.Monitor?.Span), ("retrain", config.Retrain?.Span),
            ("notify", config.Notify?.Span), ("access", config.Access?.Span), ("labeling", config.Labeling?.Span),
            ("local.sandbox", config.Local?.Sandbox is { Value: Sandbox.Docker } docker ? docker.Span : null),
        ];
        foreach (var (key, place) in sections)
        {
            if (place is { } at)
                yield return new PlannedGap(key, at, false);
        }
    }

    private static PlannedGap Essential(string key, Span place) => new(key, place, true);
}
