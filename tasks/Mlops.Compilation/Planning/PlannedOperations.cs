using Mlops.Configuration.Model;

namespace Mlops.Compilation.Planning;

/// <summary>What watches the stages, what builds again, who is told and who may do what.</summary>
public sealed record PlannedOperations
{
    /// <summary>Of every schedule, by its IANA name.</summary>
    public required string TimeZone { get; init; }

    /// <summary>Empty: nothing is watched.</summary>
    public required IReadOnlyList<PlannedMonitor> Monitors { get; init; }

    public required IReadOnlyList<string> MonitoredStages { get; init; }

    public required PlannedInstance MonitorInstance { get; init; }

    public required bool Dashboard { get; init; }

    public PlannedRetraining? Retraining { get; init; }

    public PlannedNotifications? Notifications { get; init; }

    /// <summary>Who may take on a persona's role, by the persona's name in the language.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Access { get; init; }

    /// <summary>Accounts that may read the registered versions, beside those of the stages.</summary>
    public required IReadOnlyList<string> SharedWith { get; init; }

    public static string NameOf(MonitorKind kind) => kind switch
    {
        MonitorKind.DataQuality => "data-quality",
        MonitorKind.ModelQuality => "model-quality",
        MonitorKind.Bias => "bias",
        _ => "explain",
    };
}

/// <param name="Schedule">As EventBridge Scheduler takes it.</param>
/// <param name="Bundle">The analyzer's settings.</param>
/// <param name="Baseline">The data that requests are compared with; null: there is none.</param>
/// <param name="GroundTruth">The data set with the truth; null: it is not needed.</param>
/// <param name="WindowSeconds">The time that a round looks at, which ends <paramref name="DelaySeconds"/> before it.</param>
public sealed record PlannedMonitor(MonitorKind Kind, string Schedule, BundlePlan Bundle, PlannedData? Baseline, PlannedData? GroundTruth, int DelaySeconds, int? WindowSeconds)
{
    public string Name => PlannedOperations.NameOf(Kind);
}

/// <param name="Schedule">Null: at no fixed time.</param>
/// <param name="CooldownSeconds">At most one run in this time.</param>
public sealed record PlannedRetraining(
    string? Schedule, IReadOnlyList<PlannedData> OnNewData, IReadOnlyList<MonitorKind> OnViolation, IReadOnlyDictionary<string, string> Parameters, int CooldownSeconds);

/// <param name="Topic">The ARN of a topic that is there; null: the build stack makes one.</param>
public sealed record PlannedNotifications(string? Topic, IReadOnlyList<string> Emails, IReadOnlyList<NotifyEvent> Events);
