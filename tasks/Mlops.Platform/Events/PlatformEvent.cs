using System.Text.Json.Serialization;

namespace Mlops.Platform.Events;

/// <summary>
/// What a verb tells while it works. One closed set: printed as JSON lines, shown in a terminal, turned into MSBuild's messages and errors.
/// Members are PascalCase, as in SageMaker's documents; the member "Event" names the kind.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "Event")]
[JsonDerivedType(typeof(Notice), nameof(Notice))]
[JsonDerivedType(typeof(Problem), nameof(Problem))]
[JsonDerivedType(typeof(Published), nameof(Published))]
[JsonDerivedType(typeof(ExecutionChanged), nameof(ExecutionChanged))]
[JsonDerivedType(typeof(StepChanged), nameof(StepChanged))]
[JsonDerivedType(typeof(MetricMeasured), nameof(MetricMeasured))]
[JsonDerivedType(typeof(ModelRegistered), nameof(ModelRegistered))]
[JsonDerivedType(typeof(ApprovalChanged), nameof(ApprovalChanged))]
[JsonDerivedType(typeof(StageChanged), nameof(StageChanged))]
[JsonDerivedType(typeof(RunListed), nameof(RunListed))]
[JsonDerivedType(typeof(VersionListed), nameof(VersionListed))]
[JsonDerivedType(typeof(RunDifference), nameof(RunDifference))]
[JsonDerivedType(typeof(PlannedChange), nameof(PlannedChange))]
[JsonDerivedType(typeof(AuditEntry), nameof(AuditEntry))]
[JsonDerivedType(typeof(LineageListed), nameof(LineageListed))]
[JsonDerivedType(typeof(Outcome), nameof(Outcome))]
public abstract record PlatformEvent;

/// <summary>A sentence for the reader.</summary>
public sealed record Notice(string Text) : PlatformEvent
{
    public string Text { get; init; } = Printable.Of(Text);
}

/// <summary>A coded error or warning, at a place where one is known.</summary>
/// <param name="Severity">Error or Warning.</param>
/// <param name="Message">What happened, why, and what to do.</param>
/// <param name="Line">1-based; 0: no place in the file.</param>
public sealed record Problem(string Code, string Severity, string Message, string? File = null, int Line = 0, int Column = 0) : PlatformEvent
{
    public string Message { get; init; } = Printable.Of(Message);

    public static Problem Error(string code, string message) => new(code, nameof(Error), message);

    public static Problem Warning(string code, string message) => new(code, nameof(Warning), message);

    /// <summary>The same of what was done all the same.</summary>
    public Problem AsWarning() => this with { Severity = nameof(Warning) };

    /// <summary>Whether the same may go well later, without anybody changing what was asked for.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool MayPass { get; init; }

    public Problem At(string file, int line, int column) => this with { File = file, Line = line, Column = column };

    public PlatformException ToException() => new(this);

    /// <summary>MSBuild's canonical form.</summary>
    public override string ToString()
    {
        var place = File is null ? "mlops" : Line == 0 ? File : $"{File}({Line},{Column})";
        return $"{place}: {(Severity == nameof(Error) ? "error" : "warning")} {Code}: {Message}";
    }
}

/// <param name="Changed">False: the platform had this very definition, code and data.</param>
public sealed record Published(string PipelineName, bool Changed) : PlatformEvent;

/// <param name="Status">Executing, Succeeded, Failed or Stopped.</param>
public sealed record ExecutionChanged(string PipelineName, string ExecutionId, string Status) : PlatformEvent;

/// <param name="Status">Executing, Succeeded, Failed or Stopped.</param>
/// <param name="Seconds">How long it took; null while it runs.</param>
/// <param name="Cached">The result of an earlier run was used.</param>
/// <param name="Detail">Of one that failed: the reason. Of one that begins: why it runs again.</param>
public sealed record StepChanged(string Step, string Type, string Status, double? Seconds = null, bool Cached = false, string? Detail = null) : PlatformEvent;

public sealed record MetricMeasured(string Step, string Metric, double Value) : PlatformEvent;

/// <param name="New">False: the version was there already.</param>
public sealed record ModelRegistered(string ModelPackageGroupName, int Version, string Status, bool New) : PlatformEvent;

public sealed record ApprovalChanged(string ModelPackageGroupName, int Version, string Stage, string Decision) : PlatformEvent;

/// <param name="Status">Updating, InService, Unchanged, PendingApproval, Rejected, Failed or Deleted.</param>
public sealed record StageChanged(string Stage, string Status, int Version, string? Url = null) : PlatformEvent
{
    /// <summary>Where not the local one: commands that follow have to name it.</summary>
    public string? Platform { get; init; }
}

/// <param name="Status">Executing, Succeeded, Failed or Stopped.</param>
/// <param name="Version">The model version that it made, or found.</param>
/// <param name="Metrics">Those that steps printed, and those of the evaluation's report.</param>
public sealed record RunListed(string ExecutionId, string Status, DateTimeOffset Started, double? Seconds, int? Version, IReadOnlyDictionary<string, double> Metrics) : PlatformEvent
{
    /// <summary>Chosen steps alone ran.</summary>
    public bool IsSelective { get; init; }

    /// <summary>The last line of the reason, of one that failed.</summary>
    public string? FailureReason { get; init => field = value is null ? null : Printable.Of(value); }
}

/// <param name="Status">PendingManualApproval, Approved or Rejected.</param>
/// <param name="MadeOf">Code, data and the execution, as lineage nodes.</param>
public sealed record VersionListed(string ModelPackageGroupName, int Version, string Status, DateTimeOffset Created, string ExecutionId, IReadOnlyList<string> MadeOf, IReadOnlyList<DecisionListed> Decisions) : PlatformEvent
{
    /// <summary>By path in the evaluation's report, where these were asked for.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>CustomerMetadataProperties, where these were asked for.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <param name="Decision">Approved or Rejected.</param>
public sealed record DecisionListed(string Stage, string Decision, string Who, DateTimeOffset When, string? Reason);

/// <summary>One thing in which two runs differ.</summary>
/// <param name="Step">Null: of the run as a whole.</param>
/// <param name="Item">Such as "hyperparameter 'eta'", "metric 'accuracy'" or "output 'train'".</param>
/// <param name="First">Null: it is not there. Content of files is its hash.</param>
public sealed record RunDifference(string? Step, string Item, string? First, string? Second) : PlatformEvent;

/// <summary>One thing that a deploy would do.</summary>
/// <param name="Action">Add, Change, Replace, Remove or Run; Drift: somebody else changed it, and a deploy leaves it so.</param>
/// <param name="Kind">stack, resource, code, data, pipeline, step or stage.</param>
/// <param name="Reason">Why, or what differs: old -> new.</param>
public sealed record PlannedChange(string Action, string Kind, string Name, string? Reason = null) : PlatformEvent
{
    public string? Reason { get; init; } = Reason is null ? null : Printable.Of(Reason);
}

/// <summary>One verb that changed something, failed, or was broken off.</summary>
/// <param name="Result">Done, Stopped, or the code of the error.</param>
/// <param name="Commit">What was checked out; null: no repository of git.</param>
public sealed record AuditEntry(DateTimeOffset When, string Who, string Verb, string Result, string? Commit, int? Version) : PlatformEvent;

/// <summary>Where a version comes from and where it went.</summary>
/// <param name="Parameters">Of the run that made it.</param>
/// <param name="MadeOf">Commit, configuration, code and data with their digests.</param>
public sealed record LineageListed(string ModelPackageGroupName, int Version, string ExecutionId, IReadOnlyList<LineageItem> MadeOf, IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<DecisionListed> Decisions, IReadOnlyList<StageUrl> Stages) : PlatformEvent;

/// <param name="Digest">ALGORITHM:VALUE; null: not known.</param>
public sealed record LineageItem(string Name, string? Uri, string? Digest);

/// <summary>The last event of a verb that ended well: what scripts read.</summary>
public sealed record Outcome : PlatformEvent
{
    public required string Verb { get; init; }

    /// <summary>False: nothing had to be done.</summary>
    public bool Changed { get; init; }

    public string? PipelineName { get; init; }

    public string? ExecutionId { get; init; }

    public int? Version { get; init; }

    public IReadOnlyList<StageUrl> Urls { get; init; } = [];
}

public sealed record StageUrl(string Stage, string Url, int Version);
