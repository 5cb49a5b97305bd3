
namespace Mlops.Configuration.Facts;

/// <summary>
/// Bias metrics by Clarify's names, with the range of each ("Measure Pre-training Bias" and "Measure Post-training Data and Model Bias" of
/// SageMaker's developer guide).
/// </summary>
public static class BiasMetrics
{
    private const double None = double.PositiveInfinity;

    private static readonly Dictionary<string, (double Lowest, double Highest)> BeforeTraining = new(StringComparer.Ordinal)
    {
        ["CI"] = (-1, 1),
        ["DPL"] = (-1, 1),
        ["KL"] = (0, None),
        ["JS"] = (0, None),
        ["LP"] = (0, None),
        ["TVD"] = (0, None),
        ["KS"] = (0, 1),
        ["CDDL"] = (-1, 1),
    };

    private static readonly Dictionary<string, (double Lowest, double Highest)> AfterTraining = new(StringComparer.Ordinal)
    {
        ["DPPL"] = (-1, 1),
        ["DI"] = (0, None),
        ["DCAcc"] = (-None, None),
        ["DCA"] = (-None, None),
        ["DCR"] = (-None, None),
        ["SD"] = (-1, 1),
        ["RD"] = (-1, 1),
        ["DAR"] = (-1, 1),
        ["DRR"] = (-1, 1),
        ["AD"] = (-1, 1),
        ["TE"] = (-None, None),
        ["CDDPL"] = (-1, 1),
        ["FT"] = (-1, 1),
        ["GE"] = (0, None),
    };

    /// <summary>The metrics that need another column, which 'group' names.</summary>
    public static IReadOnlyList<string> Conditional { get; } = ["CDDL", "CDDPL"];

    public static IReadOnlyList<string> Names { get; } = [.. BeforeTraining.Keys, .. AfterTraining.Keys];

    public static bool IsBeforeTraining(string metric) => BeforeTraining.ContainsKey(metric);

    /// <summary>Lowest and highest value that the metric can have; null: there is no such metric.</summary>
    public static (double Lowest, double Highest)? RangeOf(string metric) =>
        BeforeTraining.TryGetValue(metric, out var range) || AfterTraining.TryGetValue(metric, out range) ? range : null;
}
