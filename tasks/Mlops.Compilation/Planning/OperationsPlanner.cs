using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>Plans monitors, retraining, notifications and personas.</summary>
internal sealed class OperationsPlanner(ModelConfig config, IReadOnlyDictionary<string, PlannedData> data, AnalysisPlanner analyses)
{
    private const int DefaultDelaySeconds = 86_400;
    private const int DefaultCooldownSeconds = 86_400;
    private const int MonitorVolumeGiB = 20;

    private static readonly Schedule Hourly = new("hourly");

    public PlannedOperations Plan() => new()
    {
        TimeZone = config.TimeZone?.Value.Name ?? "UTC",
        Monitors = [.. Monitors()],
        MonitoredStages = config.Monitor is null ? [] : [.. config.Monitor.Stages?.Select(s => s.Value) ?? (config.Deploy ?? []).TakeLast(1).Select(s => s.Stage!.Value.Value)],
        MonitorInstance = StepPlanner.Instance(config.Monitor?.Instance, null, StagePlanner.DefaultInstance) with { VolumeGiB = config.Monitor?.Instance?.Volume?.Value.GiB ?? MonitorVolumeGiB },
        Dashboard = config.Monitor?.Dashboard?.Value ?? false,
        Retraining = config.Retrain is { } retrain ? new(
            retrain.Schedule?.Value.Expression, [.. (retrain.OnNewData ?? []).Select(d => data[d.Value])], [.. (retrain.OnViolation ?? []).Select(v => v.Value)],
            (retrain.Parameters ?? NamedMap<Given<string>>.Empty).ToDictionary(p => p.Name, p => p.Value!.Value, StringComparer.Ordinal), retrain.Cooldown?.Value.Seconds ?? DefaultCooldownSeconds) : null,
        Notifications = config.Notify is { } notify ? new(
            notify.Topic?.Value.Text, [.. (notify.Emails ?? []).Select(e => e.Value)], [.. notify.Events?.Select(e => e.Value) ?? Enum.GetValues<NotifyEvent>()]) : null,
        Access = new (string, PersonaSection?)[]
        {
            ("data_scientist", config.Access?.DataScientist), ("ml_engineer", config.Access?.MlEngineer), ("approver", config.Access?.Approver), ("auditor", config.Access?.Auditor),
        }.Where(p => p.Item2 is not null).ToDictionary(p => p.Item1, IReadOnlyList<string> (p) => [.. p.Item2!.Principals!.Select(a => a.Value.Text)], StringComparer.Ordinal),
        SharedWith = [.. (config.Build?.Register?.ShareWith ?? []).Select(a => a.Value)],
    };

    private IEnumerable<PlannedMonitor> Monitors()
    {
        if (config.Monitor is not { } monitor)
            yield break;
        var truth = monitor.ModelQuality;
        var (delay, window) = (truth?.Delay?.Value.Seconds ?? DefaultDelaySeconds, truth?.Window?.Value.Seconds ?? DefaultDelaySeconds);
        var truthData = truth?.GroundTruth is { } set ? data[set.Value] : null;
        if (monitor.DataQuality is { } quality)
        {
            var settings = Settings("DATA_QUALITY", null);
            var constraints = new JsonObject { ["comparison_method"] = quality.Method?.Value.ToString() ?? "Robust", ["comparison_threshold"] = quality.DriftThreshold?.Value ?? 0.1 };
            if (quality.Completeness is { } completeness)
                settings["completeness"] = completeness.Value;
            settings["monitoring_config"] = new JsonObject { ["distribution_constraints"] = constraints };
            yield return Monitor(MonitorKind.DataQuality, quality, settings, data[quality.Baseline!.Value.Value], null, 0, null);
        }

        if (truth is not null)
            yield return Monitor(MonitorKind.ModelQuality, truth, Settings("MODEL_QUALITY", truth.Limits), null, truthData, delay, window);
        if (monitor.Bias is { } bias)
        {
            var settings = config.Build?.Bias is { } measured ? analyses.BiasSettings(measured) : [];
            settings["analysis_type"] = "MODEL_BIAS";
            settings["limits"] = Limits(bias.Limits);
            yield return Monitor(MonitorKind.Bias, bias, settings, null, truthData, delay, window);
        }

        if (monitor.Explain is { } explain)
        {
            var settings = config.Build?.Explain is { } explained ? analyses.ExplainSettings(explained) : [];
            settings["analysis_type"] = "MODEL_EXPLAINABILITY";
            settings["limits"] = Limits(explain.Limits);
            yield return Monitor(MonitorKind.Explain, explain, settings, null, null, 0, null, config.Build?.Explain?.Baseline?.Value);
        }
    }

    private PlannedMonitor Monitor(MonitorKind kind, OneMonitorSection section, JsonObject settings, PlannedData? baseline, PlannedData? truth, int delay, int? window, RepositoryPath? file = null) => new(
        kind, (section.Schedule ?? config.Monitor!.Schedule)?.Value.Expression ?? Hourly.Expression,
        new SettingsBundle($"monitor-{PlannedOperations.NameOf(kind)}", Json.Write(settings), file), baseline, truth, delay, window);

    private JsonObject Settings(string analysis, NamedMap<LimitSection>? limits)
    {
        var settings = analyses.Dataset(config.Monitor?.DataQuality?.Baseline?.Value ?? "");
        settings["analysis_type"] = analysis;
        settings["problem_type"] = Words.Snake(config.Model!.ProblemType?.Value ?? ProblemType.Other);
        settings["predictor"] = analyses.Predictor();
        if (limits is not null)
            settings["limits"] = Limits(limits);
        return settings;
    }

    private static JsonObject Limits(NamedMap<LimitSection>? limits)
    {
        var all = new JsonObject();
        foreach (var (name, _, limit) in limits ?? NamedMap<LimitSection>.Empty)
        {
            var bounds = new JsonObject();
            if (limit!.Min is { } min)
                bounds["min"] = min.Value;
            if (limit.Max is { } max)
                bounds["max"] = max.Value;
            all[name] = bounds;
        }

        return all;
    }
}
