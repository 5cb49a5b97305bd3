namespace Mlops.Definitions;

public sealed record Retraining
{
    /// <summary>As EventBridge Scheduler takes it; null: at no fixed time.</summary>
    public string? Schedule { get; init; }

    /// <summary>The data sets whose new content starts a run.</summary>
    public IReadOnlyList<string> OnNewData { get; init; } = [];

    /// <summary>Of such a run.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>At most one run in this time, whatever the reasons.</summary>
    public int CooldownSeconds { get; init; }
}
