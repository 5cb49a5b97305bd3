using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Checks;

/// <summary>Stages: each named once, each serves in one way, tests can run.</summary>
internal static class StageChecks
{
    private const string BuildStackName = "build";

    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Deploy is not { Count: > 0 } stages)
            return;
        if (config.Inference is null && !config.Unreadable.Contains("inference") && InferenceChecks.NeedsProgram(config.ServingRuntime, config))
            diagnostics.Add(Errors.InferenceNeedsEntryPoint(stages[0].Span, "Stages serve the model"));

        var names = new Dictionary<string, Span>(StringComparer.Ordinal);
        foreach (var stage in stages)
        {
            if (stage.Stage is { } name && !names.TryAdd(name.Value, name.Span))
                diagnostics.Add(Errors.NameTwice(name.Span, name.Value, names[name.Value]));
            if (stage.Stage is { Value: BuildStackName } taken)
                diagnostics.Add(Errors.NameTaken(taken.Span, taken.Value, "the stack of the build, which is called NAME-build as the stages' are called NAME-STAGE"));
            CheckServing(stage, diagnostics);
            EndpointChecks.Check(stage, config, diagnostics);
            foreach (var test in stage.Tests ?? [])
                CheckTest(test, files, diagnostics);
        }

        if (stages[^1].Keep is { } keep && stages.Count > 0)
            diagnostics.Add(Errors.NoEffect(keep.Span, "keep", "the last stage lives on by itself: 'keep' ends the ones before it. Remove it."));
    }

    private static void CheckServing(StageSection stage, DiagnosticBag diagnostics)
    {
        (string Key, Span? Span)[] endpoints = [("realtime", stage.Realtime?.Span), ("serverless", stage.Serverless?.Span), ("async", stage.Async?.Span)];
        var there = endpoints.Where(e => e.Span is not null).ToList();
        foreach (var (key, span) in there.Skip(1))
            diagnostics.Add(Errors.Excludes(span!.Value, key, there[0].Key, "a stage has one endpoint. Remove one of the two, or make it a stage of its own."));
        if (stage is { Stream: { } stream, Async: not null })
            diagnostics.Add(Errors.Excludes(stream.Span, "stream", "async", "an answer to a record is waited for. Serve with 'realtime' or 'serverless', or remove 'stream'."));
        var readable = !stage.Unreadable.Overlaps(["realtime", "serverless", "async", "batch"]);
        if (there.Count == 0 && stage.Batch is null && readable)
            diagnostics.Add(Errors.StageServesNothing(stage.Span));
        if (there.Count > 0 || !readable)
            return;
        foreach (var (key, span) in new[] { ("stream", stage.Stream?.Span), ("alarms", stage.Alarms?.Span), ("keep", stage.Keep?.Span), ("tests", stage.Tests?[0].Span) })
        {
            if (span is { } at)
                diagnostics.Add(Errors.NoEffect(at, key, "the stage has no endpoint. Add 'realtime', 'serverless' or 'async', or remove it."));
        }
    }

    private static void CheckTest(StageTestSection test, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (test.Payload is { } payload)
            FileChecks.FileExists(payload, "payload", files, diagnostics);
        if (test.EntryPoint is { } entry)
        {
            FileChecks.FileExists(entry, "test program", files, diagnostics);
            foreach (var (key, span) in new[] { ("payload", test.Payload?.Span), ("content_type", test.ContentType?.Span), ("expect_status", test.ExpectStatus?.Span), ("max_latency", test.MaxLatency?.Span) })
            {
                if (span is { } at)
                    diagnostics.Add(Errors.NoEffect(at, key, "the test has an 'entry_point', and the program decides. Remove one of the two."));
            }
        }
        else if (test.Payload is null && test.Unreadable.Count == 0)
        {
            diagnostics.Add(Errors.MissingKey(test.Span, "payload", "the test", "A file that is sent to the endpoint, or an 'entry_point'."));
        }
    }
}
