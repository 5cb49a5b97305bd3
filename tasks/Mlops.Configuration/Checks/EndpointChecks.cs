using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>
/// Endpoints: what each mode can and cannot. Sources: CreateEndpointConfig and CreateEndpoint of SageMaker's API, "Deployment guardrails",
/// "Serverless Inference: feature exclusions", "Autoscale an asynchronous endpoint" of its developer guide.
/// </summary>
internal static class EndpointChecks
{
    private const int LongestRolloutSeconds = 28_800;

    private static readonly (RolloutStrategy Strategy, int Least, int Most)[] Percents = [(RolloutStrategy.Canary, 1, 50), (RolloutStrategy.Linear, 10, 50), (RolloutStrategy.Rolling, 5, 50)];

    public static void Check(StageSection stage, ModelConfig config, DiagnosticBag diagnostics)
    {
        if (stage.Realtime is { } realtime)
            CheckRealtime(realtime, config, diagnostics);
        if (stage.Serverless is { } serverless)
            CheckServerless(stage, serverless, config, diagnostics);
        if (stage.Async is { } asynchronous)
        {
            InstanceChecks.Check(asynchronous.Instance, InstanceUse.Hosting, diagnostics, hasVolume: false);
            CheckAutoscaling(asynchronous.Autoscaling, asynchronous.Instance, isAsync: true, diagnostics);
            foreach (var (key, span) in new[] { ("error_rate", stage.Alarms?.ErrorRate?.Span), ("min_invocations", stage.Alarms?.MinInvocations?.Span) })
            {
                if (span is { } at)
                    diagnostics.Add(Errors.NoEffect(at, key, "asynchronous endpoints publish no count of requests ('Monitoring asynchronous endpoints'). Bound 'p99_latency', or serve 'realtime'."));
            }
        }

        if (stage.Batch is { } batch)
            CheckBatch(batch, diagnostics);
        if (stage.Capture is { } capture)
            CheckCapture(capture, diagnostics);
        if (stage.Alarms is { P99Latency: null, ErrorRate: null, MinInvocations: null, Unreadable.Count: 0 } alarms)
            diagnostics.Add(Errors.NoEffect(alarms.Span, "alarms", "it names no bound. Give it 'p99_latency', 'error_rate' or 'min_invocations'."));
        if (stage.Alarms is { } times)
            CheckAlarms(times, stage.Realtime, diagnostics);
        foreach (var name in (stage.Environment ?? Values.NamedMap<Values.Template>.Empty).Where(_ => stage is { Realtime: null, Serverless: null, Async: null, Batch: null } && stage.Unreadable.Count == 0))
            diagnostics.Add(Errors.NoEffect(name.NameSpan, "environment", "the stage serves nothing."));
    }

    /// <summary>PutMetricAlarm: a period is a multiple of 60 seconds, and all periods together are a day at most, a week where a period is an hour or longer.</summary>
    private static void CheckAlarms(AlarmsSection alarms, RealtimeSection? realtime, DiagnosticBag diagnostics)
    {
        const int Minute = 60, Hour = 3_600, Day = 86_400, Week = 604_800;
        var (period, periods) = ((long)(alarms.Period?.Value.Seconds ?? Minute), alarms.Periods?.Value ?? 3);
        if (alarms.Period is { } given && period % Minute != 0)
            diagnostics.Add(Errors.WrongValue(given.Span, "period", given.Value.ToString(), "whole minutes, such as 1m"));
        else if (period * periods > (period < Hour ? Day : Week))
            diagnostics.Add(Errors.OutOfRange((alarms.Periods?.Span ?? alarms.Period?.Span)!.Value, "periods", $"{periods}", "CloudWatch looks back a day at most, a week where a period is an hour or longer: shorten 'period', or take fewer"));
        // AutoRollbackConfiguration takes 1 to 10 alarms.
        const int MostAlarms = 10;
        var guards = (realtime?.Variants?.Count ?? 1) * new[] { alarms.P99Latency is not null, alarms.ErrorRate is not null }.Count(g => g);
        if (realtime?.Rollout is { } rollout && guards > MostAlarms)
            diagnostics.Add(Errors.Excludes(rollout.Span, "rollout", $"{guards} alarms", $"SageMaker rolls back on {MostAlarms} alarms at most, and each bound is one for each variant. Bound less, or take fewer variants."));
    }

    private static void CheckRealtime(RealtimeSection realtime, ModelConfig config, DiagnosticBag diagnostics)
    {
        InstanceChecks.Check(realtime.Instance, InstanceUse.Hosting, diagnostics, hasVolume: false);
        CheckAutoscaling(realtime.Autoscaling, realtime.Instance, isAsync: false, diagnostics);
        if (realtime.Rollout is { } rollout)
            CheckRollout(rollout, diagnostics);
        if (realtime is { Variants: not null, Rollout.Strategy: { Value: RolloutStrategy.Rolling } rolling })
            diagnostics.Add(Errors.Excludes(rolling.Span, "strategy: rolling", "variants", "SageMaker rolls endpoints of one variant. Choose 'canary', 'linear' or 'all_at_once'."));
        if (realtime.Variants is { } variants)
        {
            foreach (var twice in variants.Where(v => v.Version is not null).GroupBy(v => v.Version!.Value.Value).SelectMany(g => g.Skip(1)))
                diagnostics.Add(Errors.NameTwice(twice.Version!.Value.Span, twice.Version.Value.Value.Text, variants.First(v => v.Version?.Value == twice.Version.Value.Value).Version!.Value.Span));
            if (variants.All(v => v.Version is { Value.IsNumber: true }))
                diagnostics.Add(Errors.NoDeployedVariant(variants[0].Version!.Value.Span));
            if (variants.All(v => v.Weight is { Value: 0 }))
                diagnostics.Add(Errors.NoEffect(variants[0].Span, "variants", "no variant has a weight above 0, and so none gets requests. Raise one."));
        }

        if (realtime.Shadow is not { } shadow)
            return;
        if (realtime.Variants is not null)
            diagnostics.Add(Errors.Excludes(shadow.Span, "shadow", "variants", "SageMaker shadows an endpoint with one variant. Remove one of the two."));
        if (config.Inference is { Preprocess: not null } or { Postprocess: not null })
            diagnostics.Add(Errors.Excludes(shadow.Span, "shadow", "a serial inference pipeline", "SageMaker shadows single containers. Remove it, or 'inference.preprocess' and 'postprocess'."));
    }

    private static void CheckRollout(RolloutSection rollout, DiagnosticBag diagnostics)
    {
        if (rollout.Unreadable.Contains("strategy"))
            return;
        var strategy = rollout.Strategy?.Value ?? RolloutStrategy.AllAtOnce;
        if (strategy == RolloutStrategy.AllAtOnce)
        {
            if (rollout.Percent is { } unused)
                diagnostics.Add(Errors.NoEffect(unused.Span, "percent", "'all_at_once' moves everything. Choose 'canary', 'linear' or 'rolling', or remove it."));
            return;
        }

        var (_, least, most) = Percents.First(p => p.Strategy == strategy);
        // Each step is watched for the bake time, and SageMaker ends a deployment after 8 h (MaximumExecutionTimeoutInSeconds).
        if (rollout is { Bake: { } bake, Percent: { Value: > 0 } part } && (strategy == RolloutStrategy.Canary ? 2 : (int)Math.Ceiling(100.0 / part.Value)) is var steps && (long)steps * bake.Value.Seconds > LongestRolloutSeconds)
            diagnostics.Add(Errors.OutOfRange(bake.Span, "bake", bake.Value.ToString(), $"{steps} steps take it each, and SageMaker ends a deployment after 8 h. Shorten it, or take larger steps"));
        if (rollout.Percent is { } percent && (percent.Value < least || percent.Value > most))
            diagnostics.Add(Errors.OutOfRange(percent.Span, "percent", $"{percent.Value}", $"{Binding.Words.Snake(strategy)} takes {least} to {most}"));
        else if (rollout.Percent is null && !rollout.Unreadable.Contains("percent"))
            diagnostics.Add(Errors.MissingKey(rollout.Span, "percent", "'rollout'", $"The part that '{Binding.Words.Snake(strategy)}' moves in a step, {least} to {most}."));
    }

    private static void CheckAutoscaling(AutoscalingSection? scaling, InstanceSection? instance, bool isAsync, DiagnosticBag diagnostics)
    {
        if (scaling is null)
            return;
        if (scaling is { Min: { } min, Max: { } max } && min.Value > max.Value)
            diagnostics.Add(Errors.BadScaling(min.Span, $"'min' {min.Value} is above 'max' {max.Value}."));
        if (instance?.Type is { } type && type.Value.Name.StartsWith("ml.t", StringComparison.Ordinal))
            diagnostics.Add(Errors.BadScaling(type.Span, $"instances that burst, such as {type.Value.Name}, are not scaled (\"Automatic scaling of SageMaker AI models\"). Choose another type, such as ml.m5.large."));
        if (!isAsync && scaling.Min is { Value: 0 } none)
            diagnostics.Add(Errors.BadScaling(none.Span, "a realtime endpoint has at least one instance. Write 'min: 1', or serve 'async' or 'serverless', which scale to none."));
        if (instance?.Count is { } count && ((scaling.Min?.Value ?? 0) > count.Value || (scaling.Max?.Value ?? long.MaxValue) < count.Value))
            diagnostics.Add(Errors.BadScaling(count.Span, $"the 'count' {count.Value} that it begins with lies outside 'min' {scaling.Min?.Value} and 'max' {scaling.Max?.Value}."));
        var (needed, other) = isAsync ? ("backlog_per_instance", scaling.InvocationsPerInstance?.Span) : ("invocations_per_instance", scaling.BacklogPerInstance?.Span);
        if (other is { } wrong)
            diagnostics.Add(Errors.NoEffect(wrong, isAsync ? "invocations_per_instance" : "backlog_per_instance", $"this endpoint scales by '{needed}'. Use that."));
        else if ((isAsync ? scaling.BacklogPerInstance : scaling.InvocationsPerInstance) is null && scaling.Unreadable.Count == 0)
            diagnostics.Add(Errors.MissingKey(scaling.Span, needed, "'autoscaling'", "What one instance should have to do."));
    }

    private static void CheckServerless(StageSection stage, ServerlessSection serverless, ModelConfig config, DiagnosticBag diagnostics)
    {
        const string Why = "a serverless endpoint has none. Remove it, or serve 'realtime'.";
        if (serverless.ProvisionedConcurrency is { } warm && !serverless.Unreadable.Contains("max_concurrency") && (serverless.MaxConcurrency?.Value ?? ServerlessSection.DefaultConcurrency) is var most && warm.Value > most)
            diagnostics.Add(Errors.NoEffect(warm.Span, "provisioned_concurrency", $"it is above 'max_concurrency' {most}{(serverless.MaxConcurrency is null ? ", which it is where nothing is said" : "")}. Lower it, or raise that."));
        if (stage.Capture is { } capture)
            diagnostics.Add(Errors.Excludes(capture.Span, "capture", "serverless", Why));
        if (stage.Aws?.Network is { } network)
            diagnostics.Add(Errors.Excludes(network.Span, "network", "serverless", Why));
        if (config.Inference is { Preprocess: not null } or { Postprocess: not null })
            diagnostics.Add(Errors.Excludes(serverless.Span, "serverless", "a serial inference pipeline", "SageMaker serves single containers in this mode. Serve 'realtime', or remove 'inference.preprocess' and 'postprocess'."));
    }

    private static void CheckBatch(BatchSection batch, DiagnosticBag diagnostics)
    {
        InstanceChecks.Check(batch.Instance, InstanceUse.Transform, diagnostics, hasVolume: false);
        if (batch is { Input: { } input, Output: { } output } && (output.Value.Text.TrimEnd('/') + "/").StartsWith(input.Value.Text.TrimEnd('/') + "/", StringComparison.Ordinal))
            diagnostics.Add(Errors.Excludes(output.Span, "output", "input", "predictions in the folder of the records would be read as records. Name another folder."));
        if (batch is { Write.Join: { Value: Join.Input } join, Read.Split: { Value: not Split.Line } })
            diagnostics.Add(Errors.NoEffect(join.Span, "join", "records are joined line by line, which needs 'split: line'. Add that, or remove it."));
    }

    private static void CheckCapture(CaptureSection capture, DiagnosticBag diagnostics)
    {
        if (capture is { Input.Value: false, Output: { Value: false } output })
            diagnostics.Add(Errors.NoEffect(output.Span, "capture", "neither requests nor answers are kept. Keep one of the two, or remove it."));
        if (capture.Percent is { Value: 0 } percent)
            diagnostics.Add(Errors.NoEffect(percent.Span, "capture", "of 0 percent nothing is kept. Raise it, or remove 'capture'."));
    }
}
