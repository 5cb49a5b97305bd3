using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>What new data starts must not write new data: it would start itself again, for good and at a price.</summary>
internal static class LoopChecks
{
    private sealed record Place(string Key, string Uri, Span Span);

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        // A run writes outputs where they are said to go, and all else below the prefix.
        var outputs = config.Steps.Select(s => s.Section).OfType<ProcessingSection>().SelectMany(p => p.Outputs ?? NamedMap<OutputSection>.Empty);
        var ofRuns = outputs.Select(o => Of("to", o.Value?.To)).Append(OwnPlace(config.Aws, config)).OfType<Place>().ToList();
        foreach (var reference in config.Retrain?.OnNewData ?? [])
        {
            if (config.Data?.Find(reference.Value)?.Value?.Source is { Value.IsS3: true } source)
                Refuse(source.Value.Text, reference.Span, ofRuns, diagnostics);
        }

        foreach (var stage in config.Deploy ?? [])
        {
            // Predictions in the folder of the records have a message of their own, whatever starts the batch.
            if (stage.Batch is { Input: { } input, OnNewData: { Value: true } watching })
                Refuse(input.Value.Text, watching.Span, new[] { Capture(stage, config) }.OfType<Place>(), diagnostics);
        }
    }

    /// <summary>Where a stage's captures go.</summary>
    private static Place? Capture(StageSection stage, ModelConfig config)
    {
        if (stage.Capture is not { } capture || capture.To is not null)
            return Of("capture.to", stage.Capture?.To);
        return OwnPlace(stage.Aws is { Bucket: not null } own ? own : config.Aws, config, $"/capture/{config.Model?.Name?.Value}-{stage.Stage?.Value}");
    }

    private static void Refuse(string watched, Span place, IEnumerable<Place> written, DiagnosticBag diagnostics)
    {
        if (written.FirstOrDefault(w => IsWithin(w.Uri, watched)) is { } loop)
            diagnostics.Add(Errors.Excludes(place, "on_new_data", $"{loop.Key}: {loop.Uri}", "what is written there counts as new data, and starts what writes it again. Write or read elsewhere.") with { Related = new(loop.Span, "Written here") });
    }

    private static bool IsWithin(string written, string watched) => (written.TrimEnd('/') + "/").StartsWith(watched.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static Place? Of(string key, Located<S3Uri>? uri) => uri is { } given ? new(key, given.Value.Text, given.Span) : null;

    /// <param name="below">Of the prefix.</param>
    private static Place? OwnPlace(AwsSection? aws, ModelConfig config, string below = "") => aws?.Bucket is { } bucket && config.Model?.Name is { } model
        ? new("bucket", $"s3://{bucket.Value.Text}/{config.Aws?.Prefix?.Value ?? model.Value}{below}", bucket.Span) : null;
}
