namespace Mlops.Platform.Ports;

/// <summary>How an execution is started, and what is done with it when whoever follows it stops.</summary>
public sealed record RunRequest
{
    /// <summary>Values of pipeline parameters; the others have their defaults.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: the whole pipeline.</summary>
    public SelectedSteps? Selection { get; init; }

    /// <summary>How many steps may run at once; null: as the pipeline says.</summary>
    public int? MaxParallelSteps { get; init; }

    /// <summary>Ends the execution, too. Else one that does not need this process goes on.</summary>
    public bool StopsWhenCancelled { get; init; }
}

/// <summary>A selective execution: these steps, with what an earlier execution left for them.</summary>
/// <param name="Steps">Of the top level, at least one; see <see cref="Definitions.StepSelection"/>.</param>
/// <param name="Source">The earlier execution's id; null: the newest one that has ended.</param>
public sealed record SelectedSteps(IReadOnlyList<string> Steps, string? Source);
