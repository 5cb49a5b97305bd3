namespace Mlops.Definitions;

/// <summary>Read by the local platform only.</summary>
public sealed record LocalSettings
{
    public string Root { get; init; } = ".mlops";

    /// <summary>Null: the first free one from 8080.</summary>
    public int? Port { get; init; }

    /// <summary>How many of the newest runs stay whole; null: <see cref="DefaultKeepRuns"/>.</summary>
    public int? KeepRuns { get; init; }

    public const int DefaultKeepRuns = 100;

    /// <summary>Commands in place of what a laptop has not, by function ARN, queue URL, image URI and cluster id.</summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>();

    public const string ProcessSandbox = "Process";
    public const string NamespaceSandbox = "Namespace";
    public const string ContainerSandbox = "Container";

    /// <summary>How steps are kept apart; null: as each needs it.</summary>
    public string? Sandbox { get; init; }

    /// <summary>What to start in place of a container's python3, Rscript, ...</summary>
    public IReadOnlyDictionary<string, string> Interpreters { get; init; } = new Dictionary<string, string>();
}
