using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Tuning;

/// <summary>When a tuning is over: ResourceLimits and TuningJobCompletionCriteria of CreateHyperParameterTuningJob. Convergence is not looked for.</summary>
/// <param name="sign">-1 where the objective is maximized.</param>
internal sealed class TuningLimits(JsonNode config, int sign)
{
    /// <summary>ResourceLimits' default where a grid does not say.</summary>
    private const int MostTrials = 500;

    /// <summary>As of a training.</summary>
    private const int MostSeconds = 28 * 86400;

    private readonly double? target = Json.Number(config["TuningJobCompletionCriteria"]?["TargetObjectiveMetricValue"]);
    private readonly double? patience = Json.Number(config["TuningJobCompletionCriteria"]?["BestObjectiveNotImproving"]?["MaxNumberOfTrainingJobsNotImproving"]);
    private double? best;
    private int withoutImprovement;

    public int Trials { get; } = (int)(Json.Number(config["ResourceLimits"]?["MaxNumberOfTrainingJobs"]) ?? MostTrials);

    public int AtOnce { get; } = (int)(Json.Number(config["ResourceLimits"]?["MaxParallelTrainingJobs"]) ?? 1);

    /// <summary>MaxRuntimeInSeconds; null: as long as it takes.</summary>
    public TimeSpan? Runtime { get; } = Json.Number(config["ResourceLimits"]?["MaxRuntimeInSeconds"]) is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds)) : null;

    /// <summary>Why no further training begins; null: one may.</summary>
    public string? Completed { get; private set; }

    /// <summary>Tells what a training came to.</summary>
    public void Complete(double objective)
    {
        if (best is null || sign * objective < sign * best)
            (best, withoutImprovement) = (objective, 0);
        else
            withoutImprovement++;
        if (target is { } wanted && sign * best <= sign * wanted)
            Completed ??= FormattableString.Invariant($"the objective reached {wanted}");
        else if (withoutImprovement >= patience)
            Completed ??= FormattableString.Invariant($"{withoutImprovement} trainings did not improve on {best}");
    }
}
