using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>Plans the stages: what each serves with, and where.</summary>
internal sealed class StagePlanner(ModelConfig config)
{
    public const string DefaultInstance = "ml.m5.large";
    private const int DefaultCooldownSeconds = 300;

    public List<PlannedStage> Plan() => [.. (config.Deploy ?? []).Select(Plan)];

    private PlannedStage Plan(StageSection stage) => new()
    {
        Name = stage.Stage!.Value.Value,
        Approval = stage.Approval?.Value ?? Approval.Automatic,
        // SageMaker gives a serverless endpoint no VPC.
        Aws = PlannedAws.Of(stage.Aws, config.Aws) is var aws && stage.Serverless is not null ? aws with { Network = null } : aws,
        Endpoint = Endpoint(stage),
        Batch = stage.Batch is { } batch ? Batch(batch) : null,
        Stream = stage.Stream is { } s
            ? new(s.Source!.Value.Value.Text, s.Destination!.Value.Value.Text, s.OnFailure?.Value.Text, s.Read?.From?.Value == StreamStart.Oldest, (int)(s.Read?.BatchSize?.Value ?? 100), s.Read?.BatchWindow?.Value.Seconds ?? 0) : null,
        Capture = stage.Capture is { } c ? new((int)(c.Percent?.Value ?? 100), c.Input?.Value ?? true, c.Output?.Value ?? true, c.To?.Value.Text) : null,
        Alarms = stage.Alarms is { } a ? new(a.P99Latency?.Value.Time.TotalMilliseconds, a.ErrorRate?.Value, a.MinInvocations?.Value, a.Period?.Value.Seconds ?? 60, (int)(a.Periods?.Value ?? 3)) : null,
        Environment = Maps.Literals(config.Inference?.Environment).Concat(Maps.Literals(stage.Environment))
            .GroupBy(e => e.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal),
        Tests = [.. (stage.Tests ?? []).Select(Test)],
        Place = stage.Stage!.Value.Span,
    };

    private static PlannedEndpoint? Endpoint(StageSection stage) => stage switch
    {
        { Realtime: { } r } => new RealtimeEndpoint(StepPlanner.Instance(r.Instance, null, DefaultInstance), Autoscaling(r.Autoscaling),
            r.Rollout is { } rollout ? new(rollout.Strategy?.Value ?? RolloutStrategy.AllAtOnce, (int)(rollout.Percent?.Value ?? 10), rollout.Bake?.Value.Seconds ?? 600) : null,
            [.. (r.Variants ?? []).Select(v => new PlannedVariant(v.Version!.Value.Value.Text, v.Weight?.Value ?? 1))],
            r.Shadow is { } shadow ? new(shadow.Version?.Value.Text ?? VersionChoice.Latest, (int)(shadow.Percent?.Value ?? 100)) : null)
        { Deployed = Deployed(stage, r.Variants ?? []) },
        { Serverless: { } s } => new ServerlessEndpoint((s.Memory?.Value.GiB ?? 2) * 1024, (int)(s.MaxConcurrency?.Value ?? ServerlessSection.DefaultConcurrency), (int?)s.ProvisionedConcurrency?.Value),
        { Async: { } a } => new AsyncEndpoint(StepPlanner.Instance(a.Instance, null, DefaultInstance), a.Output?.Value.Text, a.Failures?.Value.Text, (int?)a.MaxConcurrency?.Value, Autoscaling(a.Autoscaling)),
        _ => null,
    };

    private static int Deployed(StageSection stage, IReadOnlyList<VariantSection> variants)
    {
        var word = stage.Approval?.Value == Approval.Manual ? VersionChoice.Approved : VersionChoice.Latest;
        var versions = variants.Select(v => v.Version!.Value.Value).ToList();
        return Math.Max(0, versions.FindIndex(v => v.Text == word) is >= 0 and var named ? named : versions.FindIndex(v => !v.IsNumber));
    }

    private static PlannedAutoscaling? Autoscaling(AutoscalingSection? scaling) => scaling is null ? null : new(
        (int)scaling.Min!.Value.Value, (int)scaling.Max!.Value.Value, (scaling.InvocationsPerInstance ?? scaling.BacklogPerInstance)!.Value.Value,
        scaling.ScaleInCooldown?.Value.Seconds ?? DefaultCooldownSeconds, scaling.ScaleOutCooldown?.Value.Seconds ?? DefaultCooldownSeconds);

    private static PlannedBatch Batch(BatchSection batch) => new(
        batch.Input!.Value.Value.Text, batch.Output!.Value.Value.Text, batch.Schedule?.Value.Expression, batch.OnNewData?.Value ?? false, StepPlanner.Instance(batch.Instance, null, StepPlanner.DefaultInstance))
    {
        Split = batch.Read?.Split?.Value ?? Split.Line,
        Records = batch.Read?.Records?.Value ?? Records.Many,
        Join = batch.Write?.Join?.Value ?? Join.None,
        Filter = batch.Read?.Filter?.Value.Text,
        OutputFilter = batch.Write?.Filter?.Value.Text,
    };

    private PlannedTest Test(StageTestSection test)
    {
        var latency = (int?)test.MaxLatency?.Value.Time.TotalMilliseconds;
        var command = test.EntryPoint is { } entry ? new ScriptBundle("test", entry.Value, null).Command(Path.GetDirectoryName(entry.Value.Text) is { Length: > 0 } folder ? folder.Replace('\\', '/') : ".") : null;
        return new PlannedTest(
            test.Payload?.Value.Text, test.ContentType?.Value ?? config.Inference?.ContentTypes?[0].Value ?? "text/csv",
            (int)(test.ExpectStatus?.Value ?? 200), latency, command, test.Span);
    }
}
