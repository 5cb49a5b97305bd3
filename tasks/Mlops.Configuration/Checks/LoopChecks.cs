using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>What new data starts must not write new data, by itself or by what that starts: it would start itself again, for good and at a price. Nor do two write to one place.</summary>
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

        RefuseMixed(config, diagnostics);
        RefuseSame(config, diagnostics);
        RefuseCircles(config, diagnostics);
        foreach (var stage in config.Deploy ?? [])
        {
            // Predictions in the folder of the records have a message of their own, whatever starts the batch.
            if (stage.Batch is { Input: { } input, OnNewData: { Value: true } watching })
                Refuse(input.Value.Text, watching.Span, new[] { Capture(stage, config) }.OfType<Place>(), diagnostics);
        }
    }

    /// <summary>Two outputs in one folder, unless a condition lets only one of them be written.</summary>
    private static void RefuseMixed(ModelConfig config, DiagnosticBag diagnostics)
    {
        var branches = config.Steps.Where(s => s.Section is ConditionStep).SelectMany(s => Members(s.Name, (ConditionStep)s.Section)).DistinctBy(b => b.Step).ToDictionary(b => b.Step, b => (b.Condition, b.Then));
        var before = new List<(string Step, Place Place)>();
        foreach (var (step, section) in config.Steps.Select(s => (s.Name, s.Section as ProcessingSection)))
        {
            foreach (var place in (section?.Outputs ?? NamedMap<OutputSection>.Empty).Select(o => Of("to", o.Value?.To)).OfType<Place>())
            {
                if (before.Find(b => !Exclude(b.Step, step) && (IsWithin(place.Uri, b.Place.Uri) || IsWithin(b.Place.Uri, place.Uri))) is { Place: { } other })
                    diagnostics.Add(Shared(place, other, "what the two write there mixes, and whoever reads the one reads the other, too. Give each a folder of its own, none within the other."));
                before.Add((step, place));
            }
        }

        bool Exclude(string one, string two) => Chain(one).Any(a => Chain(two).Any(b => a.Condition == b.Condition && a.Then != b.Then));

        // The branches that lead to a step, from the inside; conditions in a circle are refused elsewhere.
        IEnumerable<(string Condition, bool Then)> Chain(string step)
        {
            for (var hops = 0; hops <= branches.Count && branches.TryGetValue(step, out var branch); hops++)
            {
                yield return branch;
                step = branch.Condition;
            }
        }

        static IEnumerable<(string Step, string Condition, bool Then)> Members(string condition, ConditionStep section) =>
            (section.Then ?? []).Select(m => (m.Value, condition, true)).Concat((section.Else ?? []).Select(m => (m.Value, condition, false)));
    }

    /// <summary>Two batches whose answers have the same keys, OUTPUT/FILE.out.</summary>
    private static void RefuseSame(ModelConfig config, DiagnosticBag diagnostics)
    {
        var before = new List<Place>();
        foreach (var place in (config.Deploy ?? []).Select(s => Of("output", s.Batch?.Output)).OfType<Place>())
        {
            if (before.Find(b => b.Uri.TrimEnd('/') == place.Uri.TrimEnd('/')) is { } other)
                diagnostics.Add(Shared(place, other, "the predictions of the one take the place of the other's. Give each a folder of its own."));
            before.Add(place);
        }
    }

    private static Diagnostic Shared(Place place, Place other, string why) =>
        Errors.Excludes(place.Span, $"{place.Key}: {place.Uri}", $"{other.Key}: {other.Uri}", why) with { Related = new(other.Span, "First written here") };

    /// <summary>Stages whose predictions start each other's: batches by the files that come, streams by their records.</summary>
    private static void RefuseCircles(ModelConfig config, DiagnosticBag diagnostics)
    {
        var stages = config.Deploy ?? [];
        var batches = stages.Where(s => s.Batch is { OnNewData.Value: true, Input: not null, Output: not null }).Select(s => new Flow(s.Batch!.Input!.Value.Value.Text, s.Batch.Output!.Value.Value.Text, s.Batch.OnNewData!.Value.Span, IsWithin)).ToList();
        var streams = stages.Where(s => s.Stream is { Source: not null, Destination: not null }).Select(s => new Flow(s.Stream!.Source!.Value.Value.Text, s.Stream.Destination!.Value.Value.Text, s.Stream.Destination!.Value.Span, (written, read) => written == read)).ToList();
        // A batch that writes into its own input has a message of its own.
        foreach (var flow in batches.Where(f => !f.Feeds(f) && f.Reaches(f, batches)))
            diagnostics.Add(Errors.Excludes(flow.Span, "on_new_data", $"output: {flow.Writes}", "another stage's batch makes of it what comes to lie here again, and so without end. Write or read elsewhere."));
        foreach (var flow in streams.Where(f => f.Reaches(f, streams)))
            diagnostics.Add(Errors.Excludes(flow.Span, "destination", $"source: {flow.Reads}", "each prediction comes back as a record, and so without end. Write to another stream."));
    }

    /// <summary>What is read, and what is written of it.</summary>
    /// <param name="IsRead">Whether what is written to the first place is read at the second.</param>
    private sealed record Flow(string Reads, string Writes, Span Span, Func<string, string, bool> IsRead)
    {
        public bool Feeds(Flow other) => IsRead(Writes, other.Reads);

        public bool Reaches(Flow target, IReadOnlyList<Flow> all)
        {
            var (seen, open) = (new HashSet<Flow>(), new Stack<Flow>([this]));
            while (open.TryPop(out var flow))
            {
                if (flow.Feeds(target))
                    return true;
                foreach (var next in all.Where(f => flow.Feeds(f) && seen.Add(f)))
                    open.Push(next);
            }

            return false;
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
