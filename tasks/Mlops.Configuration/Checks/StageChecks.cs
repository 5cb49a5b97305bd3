using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Checks;

/// <summary>Stages: each named once, each serves, tests can run.</summary>
internal static class StageChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Deploy is not { Count: > 0 } stages)
            return;
        if (config.Inference is null && !config.Unreadable.Contains("inference"))
            diagnostics.Add(Errors.InferenceNeedsEntryPoint(stages[0].Span));

        var names = new Dictionary<string, Span>(StringComparer.Ordinal);
        foreach (var stage in stages)
        {
            if (stage.Stage is { } name && !names.TryAdd(name.Value, name.Span))
                diagnostics.Add(Errors.NameTwice(name.Span, name.Value, names[name.Value]));
            if (stage.Realtime is null && !stage.Unreadable.Contains("realtime"))
                diagnostics.Add(Errors.ApprovalWithoutTarget(stage.Span));
            foreach (var test in stage.Tests ?? [])
                CheckTest(test, files, diagnostics);
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
