using System.Globalization;
using System.Text.RegularExpressions;
using Mlops.Platform.Events;

namespace Mlops.Host.Display;

/// <summary>Events as lines for a person.</summary>
internal static partial class EventText
{
    /// <summary>The line, or null where an event is shown otherwise or not worth a line.</summary>
    public static string? Line(PlatformEvent e) => e switch
    {
        Notice n => n.Text,
        Problem p => p.ToString(),
        Published { Changed: true } p => $"{p.PipelineName}: published",
        ExecutionChanged { Status: "Executing" } x => $"{x.PipelineName}: execution {x.ExecutionId}",
        StepChanged { Status: "Executing", Detail: { } why } s => $"  {s.Step} runs again: {why} ...",
        StepChanged { Status: "Executing" } s => $"  {s.Step} ...",
        StepChanged { Cached: true, Detail: { } why } s => $"  {s.Step}: {why}",
        StepChanged { Cached: true } s => $"  {s.Step}: unchanged, taken from an earlier run",
        StepChanged { Status: "Succeeded" } s => $"  {s.Step}: done{Time(s.Seconds)}",
        StepChanged { Status: "Failed", Type: not "Fail" } s => $"  {s.Step}: failed{Time(s.Seconds)}",
        StepChanged { Status: "Stopped" } s => $"  {s.Step}: stopped{Time(s.Seconds)}",
        MetricMeasured m => Text($"  {m.Step}: {m.Metric} = {m.Value:G6}"),
        ModelRegistered m => Text($"{m.ModelPackageGroupName}: version {m.Version} {(m.New ? "registered" : "is the same model")}"),
        ApprovalChanged a => Text($"{a.ModelPackageGroupName}: version {a.Version} is {a.Decision} for {a.Stage}"),
        StageChanged { Status: "Updating" } s => Text($"{s.Stage}: starting version {s.Version}"),
        StageChanged { Status: "InService" } s => Text($"{s.Stage}: version {s.Version} in service"),
        StageChanged { Status: "Unchanged" } s => Text($"{s.Stage}: version {s.Version} in service, unchanged"),
        StageChanged { Status: "PendingApproval" } s => Text($"{s.Stage}: version {s.Version} waits for approval: mlops approve --version {s.Version} --stage {s.Stage}{(s.Platform is null ? "" : " --platform " + s.Platform)} (or: dotnet build -t:MlopsApprove -p:MlopsModelVersion={s.Version} -p:MlopsStage={s.Stage}{(s.Platform is null ? "" : " -p:MlopsPlatform=" + s.Platform)}), then deploy again"),
        StageChanged { Version: > 0 } s => Text($"{s.Stage}: version {s.Version} {s.Status}"),
        StageChanged s => $"{s.Stage}: {s.Status}",
        RunListed r => Text($"{r.ExecutionId}  {r.Status,-9}  {r.Started.ToLocalTime():yyyy-MM-dd HH:mm:ss}{Time(r.Seconds),-10}  {r.FailureReason ?? (r.Version is { } v ? Text($"version {v}") : ""),-11}  {string.Join("  ", r.Metrics.Select(m => Text($"{m.Key} {m.Value:G6}")))}").TrimEnd(),
        VersionListed v => Text($"version {v.Version}  {v.Status,-21}  {v.Created.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {Origin(v.ExecutionId)}{(v.MadeOf.Count == 0 ? "" : $"\n  made of {string.Join(", ", v.MadeOf.Select(Short))}")}{string.Concat(v.Metrics.Select(Metric))}{string.Concat(v.Properties.Select(p => $"\n  property {p.Key} = {p.Value}"))}{string.Concat(v.Decisions.Select(Decision))}"),
        RunDifference d => $"{(d.Step is null ? "" : d.Step + ": ")}{d.Item}: {d.First ?? "none"} -> {d.Second ?? "none"}",
        PlannedChange c => $"{Sign(c.Action)} {c.Kind} {c.Name}{(c.Reason is null ? "" : $": {c.Reason}")}",
        AuditEntry a => Text($"{a.When.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {a.Verb,-8}  {a.Result,-9}  {a.Who}{(a.Version is { } v ? Text($"  version {v}") : "")}{(a.Commit is { } c ? "  commit " + c[..12] : "")}"),
        LineageListed l => Lineage(l),
        Outcome { Verb: "plan", Changed: false } => "No changes: a deploy would do nothing.",
        Outcome { Verb: "plan" } => "This is what a deploy would do. 'mlops deploy' carries it out.",
        Outcome { Verb: "deploy", Changed: false } => "No changes.",
        Outcome { Verb: "compare", Changed: false } => "The runs do not differ.",
        _ => null,
    };

    private static string Lineage(LineageListed l) => string.Concat(
    [
        Text($"{l.ModelPackageGroupName}: version {l.Version}, {Origin(l.ExecutionId)}"),
        .. l.MadeOf.Select(m => $"\n  made of {m.Name}{(m.Digest is null ? "" : "  " + Short(m.Digest))}"),
        .. l.Parameters.Select(p => $"\n  parameter {p.Key} = {Short(p.Value)}"),
        .. l.Metrics.Select(Metric),
        .. l.Decisions.Select(Decision),
        .. l.Stages.Select(s => $"\n  serves {s.Stage}  {s.Url}"),
    ]);

    private static string Origin(string execution) => execution.Length == 0 ? "registered as it was brought" : $"execution {execution}";

    private static string Sign(string action) => action switch { "Add" => "+  ", "Remove" => "-  ", "Replace" => "-/+", "Run" => ">  ", "Drift" => "!  ", _ => "~  " };

    private static string Metric(KeyValuePair<string, double> m) => Text($"\n  metric {m.Key} = {m.Value:G6}");

    private static string Decision(DecisionListed d) => Text($"\n  {d.Decision} for {d.Stage} by {d.Who}, {d.When.ToLocalTime():yyyy-MM-dd HH:mm:ss}{(d.Reason is null ? "" : $": {d.Reason}")}");

    /// <summary>A lineage node with its hash cut to what tells it from others, as git shows commits.</summary>
    private static string Short(string node) => LongHash().Replace(node, m => m.Value[..12]);

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex LongHash();

    public static string Time(double? seconds) => seconds is { } s ? Text($" ({s:F1} s)") : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
