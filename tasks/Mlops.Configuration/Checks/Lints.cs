using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>What works and is doubtful. Asked only of a configuration without an error: then nothing is missing because it could not be read.</summary>
internal static class Lints
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (diagnostics.HasErrors || config.Model is not { } model)
            return;
        if (model.Owner is null && config.Aws is not null)
            diagnostics.Add(Errors.NoOwner(model.Span));
        foreach (var stage in config.Deploy ?? [])
            CheckStage(stage, config, diagnostics);
        CheckRegions(config, diagnostics);
        if (config.Deploy is { Count: > 0 } stages && stages[^1].Approval?.Value != Approval.Manual && stages.Count > 1)
            diagnostics.Add(Errors.NoApproval(stages[^1].Stage!.Value.Span, stages[^1].Stage!.Value.Value));
        if (config.Monitor is { } monitor && config.Notify is null)
            diagnostics.Add(Errors.NoReceiver(monitor.Span, "the monitors"));
        if (config.Retrain is { } retrain && config.Build?.QualityGates is not { Count: > 0 } && config.Build is not null)
            diagnostics.Add(Errors.RetrainWithoutGate(retrain.Span));
        if (config.Build is { CheckData: null, Train.Inputs: { } channels } && (config.Retrain?.OnNewData ?? []).FirstOrDefault(d => channels.Any(c => c.Value?.From?.Value == d.Value)) is { Value: not null } unseen)
            diagnostics.Add(Errors.NewDataUnchecked(unseen.Span));
        if (config.Access?.MlEngineer is { } engineer && config.Aws?.DeployRole is null && (config.Deploy ?? []).All(s => s.Aws?.DeployRole is null))
            diagnostics.Add(Errors.EngineerCannotDeploy(engineer.Span));
        foreach (var step in config.Steps)
        {
            if (step.Section is TrainSection { Spot: { Checkpoints: null or { Value: false } } spot } && spot.MaxWait is { Value.Time.TotalHours: >= 2 } wait)
                diagnostics.Add(Errors.SpotWithoutCheckpoints(wait.Span));
        }
    }

    /// <summary>Each region once, where it is written: a stage without one of its own is in the build's.</summary>
    private static void CheckRegions(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Aws?.Region is { } home)
        {
            Check(home, ResourceTypes.MissingForBuild(home.Value.Name), "the build stack");
            if (config.Deploy?.FirstOrDefault(s => s.Aws?.Region is null) is { } here)
                Check(home, ResourceTypes.MissingForServing(home.Value.Name), $"the stack of stage '{here.Stage!.Value.Value}'");
        }

        foreach (var stage in config.Deploy ?? [])
        {
            if (stage.Aws?.Region is { } own)
                Check(own, ResourceTypes.MissingForServing(own.Value.Name), $"the stack of stage '{stage.Stage!.Value.Value}'");
        }

        void Check(Located<AwsRegion> region, IReadOnlyList<string> missing, string stack)
        {
            if (missing.Count > 0)
                diagnostics.Add(Errors.NotMadeThere(region.Span, region.Value.Name, string.Join(", ", missing), stack));
        }
    }

    private static void CheckStage(StageSection stage, ModelConfig config, DiagnosticBag diagnostics)
    {
        var name = stage.Stage!.Value;
        var hasEndpoint = stage.Realtime is not null || stage.Serverless is not null || stage.Async is not null;
        if (hasEndpoint && config.Deploy!.Count > 1 && config.Deploy[0] == stage && config.Deploy.All(s => s.Tests is null))
            diagnostics.Add(Errors.NoStageTest(name.Span, name.Value));
        var aws = stage.Aws?.Network ?? config.Aws?.Network;
        if (stage.Serverless is { } serverless && config.Aws?.Network is not null)
            diagnostics.Add(Errors.ServerlessOutsideNetwork(serverless.Span, name.Value));
        if (config.Aws is not null && aws is null && stage.Serverless is null && config.Deploy![^1] == stage)
            diagnostics.Add(Errors.PublicNetwork(name.Span, name.Value));
        if (stage.Capture is { } capture && (capture.Percent?.Value ?? 100) == 100 && config.Aws is not null && (stage.Aws?.Retention?.Capture ?? config.Aws.Retention?.Capture) is null)
            diagnostics.Add(Errors.CaptureForGood(capture.Span));
        if (stage.Alarms is { } alarms && config.Notify is null)
            diagnostics.Add(Errors.NoReceiver(alarms.Span, "the alarms"));
        if (stage.Realtime?.Rollout is { Strategy.Value: not RolloutStrategy.AllAtOnce } rollout && stage.Alarms is null or { P99Latency: null, ErrorRate: null })
            diagnostics.Add(Errors.RolloutWithoutAlarm(rollout.Span));
        if (stage.Realtime is { Instance.Count: null or { Value: 1 }, Autoscaling: null } realtime && config.Deploy![^1] == stage && stage.Approval?.Value == Approval.Manual && config.Aws is not null)
            diagnostics.Add(Errors.OneInstance(realtime.Span, name.Value));
    }
}
