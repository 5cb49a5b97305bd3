using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Monitors and what they start: each has what it reads, and triggers have something that triggers.</summary>
internal static class MonitorChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Monitor is { } monitor)
            CheckMonitor(monitor, config, diagnostics);
        if (config.Retrain is { } retrain)
            CheckRetrain(retrain, config, diagnostics);
    }

    private static void CheckMonitor(MonitorSection monitor, ModelConfig config, DiagnosticBag diagnostics)
    {
        InstanceChecks.Check(monitor.Instance, Facts.InstanceUse.Processing, diagnostics);
        CheckStages(monitor, config, diagnostics);
        if (monitor is { DataQuality: null, ModelQuality: null, Bias: null, Explain: null, Dashboard: null, Unreadable.Count: 0 })
            diagnostics.Add(Errors.NoEffect(monitor.Span, "monitor", "it watches nothing. Give it 'data_quality', 'model_quality', 'bias' or 'explain'."));
        if (monitor.DataQuality?.Baseline is { } baseline)
            DataSetOf(baseline, config, [DataFormat.Csv, DataFormat.Jsonlines, DataFormat.Parquet], "a baseline has the columns of a request", diagnostics);
        if (monitor.ModelQuality is { } quality)
        {
            if (quality.GroundTruth is { } truth && DataSetOf(truth, config, [DataFormat.Csv, DataFormat.Jsonlines, DataFormat.Parquet, DataFormat.GroundTruth], "the truth has an id and a label", diagnostics) is { } set)
                CheckGroundTruth(truth, set, diagnostics);
            LimitChecks.CheckQuality(quality.Limits, config, diagnostics);
            if (config.Inference is { Output: null } inference && !inference.Unreadable.Contains("output"))
                diagnostics.Add(Errors.MonitorNeeds(quality.Span, "model_quality", "'inference.output'", "it says where an answer holds the label"));
        }

        if (monitor.Bias is { } bias)
        {
            Needs(config.Build is { Bias: null } && !config.Build.Unreadable.Contains("bias"), bias.Span, "bias", "'build.bias'", "its facets are those");
            Needs(monitor.ModelQuality is null && !monitor.Unreadable.Contains("model_quality"), bias.Span, "bias", "'monitor.model_quality'", "its ground truth and window are those");
            LimitChecks.CheckNamed(bias.Limits, BiasMetrics.RangeOf, (span, metric) => Errors.UnknownBiasMetric(span, metric, BiasMetrics.Names), diagnostics);
        }

        if (monitor.Explain is { } explain)
        {
            Needs(config.Build is { Explain: null } && !config.Build.Unreadable.Contains("explain"), explain.Span, "explain", "'build.explain'", "its attributions are what it compares with");
            LimitChecks.CheckNamed(explain.Limits, m => m == "ndcg" ? (0, 1) : null, (span, metric) => Errors.UnknownChoice(span, "limits", metric, ["ndcg"]), diagnostics);
        }

        void Needs(bool missing, Span span, string key, string what, string why)
        {
            if (missing)
                diagnostics.Add(Errors.MonitorNeeds(span, key, what, why));
        }
    }

    private static void CheckStages(MonitorSection monitor, ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Deploy is not { Count: > 0 } stages)
        {
            if (!config.Unreadable.Contains("deploy"))
                diagnostics.Add(Errors.MonitorNeeds(monitor.Span, "monitor", "'deploy'", "what is watched are stages"));
            return;
        }

        var readable = stages.All(s => !s.Unreadable.Contains("stage"));
        foreach (var name in monitor.Stages ?? [])
        {
            if (stages.FirstOrDefault(s => s.Stage?.Value == name.Value) is not { } stage)
            {
                if (readable)
                    diagnostics.Add(Errors.UnknownStage(name.Span, name.Value, [.. stages.Select(s => s.Stage?.Value).OfType<string>()]));
            }
            else
            {
                CheckCapture(stage, name.Span);
            }
        }

        if (monitor.Stages is null && !monitor.Unreadable.Contains("stages"))
            CheckCapture(stages[^1], monitor.Span);

        void CheckCapture(StageSection stage, Span span)
        {
            if (stage.Capture is null && !stage.Unreadable.Contains("capture") && monitor is not { DataQuality: null, ModelQuality: null, Bias: null, Explain: null })
                diagnostics.Add(Errors.MonitorNeeds(span, "monitor", $"'capture' in the stage '{stage.Stage?.Value}'", "it reads requests and answers from there"));
            else if (stage.Capture is { Input: { Value: false } input } && monitor.DataQuality is not null)
                diagnostics.Add(Errors.MonitorNeeds(input.Span, "data_quality", "'input: true'", "it looks at requests"));
            else if (stage.Capture is { Output: { Value: false } output } && (monitor.ModelQuality ?? (Section?)monitor.Bias) is not null)
                diagnostics.Add(Errors.MonitorNeeds(output.Span, "model_quality", "'output: true'", "it looks at answers"));
        }
    }

    private static void CheckGroundTruth(Located<string> reference, DataSet set, DiagnosticBag diagnostics)
    {
        if (set.Format?.Value == DataFormat.GroundTruth)
            return;
        foreach (var (key, missing) in new[] { ("id", set.Id is null), ("target", set.Target is null) })
        {
            if (missing && !set.Unreadable.Contains(key))
                diagnostics.Add(Errors.MonitorNeeds(reference.Span, "model_quality", $"'{key}' in the data set '{reference.Value}'", key == "id" ? "it says which request a label belongs to" : "it is the truth"));
        }
    }

    private static DataSet? DataSetOf(Located<string> reference, ModelConfig config, DataFormat[] formats, string why, DiagnosticBag diagnostics)
    {
        if (config.Data?.Find(reference.Value) is not { } found)
        {
            if (!config.Unreadable.Contains("data"))
                diagnostics.Add(Errors.UnknownDataSet(reference.Span, reference.Value, [.. config.Data?.Names ?? []]));
            return null;
        }

        if (found.Value is { } set && !set.Unreadable.Contains("format") && !formats.Contains(set.Format?.Value ?? DataFormat.Files))
            diagnostics.Add(Errors.WrongFormat(reference.Span, reference.Value, Words.Snake(set.Format?.Value ?? DataFormat.Files), string.Join(", ", formats.Select(f => Words.Snake(f))), why));
        return found.Value;
    }

    private static void CheckRetrain(RetrainSection retrain, ModelConfig config, DiagnosticBag diagnostics)
    {
        if (retrain is { Schedule: null, OnNewData: null, OnViolation: null, Unreadable.Count: 0 })
            diagnostics.Add(Errors.NeverRuns(retrain.Span, "the retraining", "'schedule', 'on_new_data' or 'on_violation'"));
        if (config.Build?.Train is null && config.Build?.Unreadable.Contains("train") != true && !config.Unreadable.Contains("build"))
            diagnostics.Add(Errors.NoEffect(retrain.Span, "retrain", "nothing is trained: the model is brought. Remove it, or add 'build.train'."));
        foreach (var data in retrain.OnNewData ?? [])
        {
            if (config.Data?.Find(data.Value) is null && !config.Unreadable.Contains("data"))
                diagnostics.Add(Errors.UnknownDataSet(data.Span, data.Value, [.. config.Data?.Names ?? []]));
        }

        foreach (var kind in retrain.OnViolation ?? [])
        {
            var (there, key) = kind.Value switch
            {
                MonitorKind.DataQuality => (config.Monitor?.DataQuality is not null, "data_quality"),
                MonitorKind.ModelQuality => (config.Monitor?.ModelQuality is not null, "model_quality"),
                MonitorKind.Bias => (config.Monitor?.Bias is not null, "bias"),
                _ => (config.Monitor?.Explain is not null, "explain"),
            };
            if (!there && !config.Unreadable.Contains("monitor") && config.Monitor?.Unreadable.Contains(key) != true)
                diagnostics.Add(Errors.MonitorNeeds(kind.Span, "on_violation", $"'monitor.{key}'", "it is what finds the violation"));
        }
    }
}
