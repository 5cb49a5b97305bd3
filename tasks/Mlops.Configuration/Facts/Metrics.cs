using Mlops.Configuration.Model;

namespace Mlops.Configuration.Facts;

/// <summary>
/// The standard metrics of a problem type, named and grouped as SageMaker's model quality reports group them
/// (Model Monitor's statistics.json: regression_metrics, binary_classification_metrics, multiclass_classification_metrics).
/// </summary>
public static class Metrics
{
    private static readonly string[] Regression = ["mae", "mse", "rmse", "r2"];

    private static readonly string[] Binary =
        ["accuracy", "auc", "f0_5", "f1", "f2", "precision", "recall", "true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate"];

    private static readonly string[] Multiclass =
        ["accuracy", "weighted_f0_5", "weighted_f1", "weighted_f2", "weighted_precision", "weighted_recall"];

    public static IReadOnlyList<string> Of(ProblemType type) => type switch
    {
        ProblemType.Regression => Regression,
        ProblemType.BinaryClassification => Binary,
        ProblemType.MulticlassClassification => Multiclass,
        _ => [],
    };

    /// <summary>Where a gate's metric stands in the report: a dotted name is a path, a plain one is a standard metric.</summary>
    public static string PathOf(string metric, ProblemType type)
    {
        var group = type switch
        {
            ProblemType.Regression => "regression_metrics",
            ProblemType.BinaryClassification => "binary_classification_metrics",
            ProblemType.MulticlassClassification => "multiclass_classification_metrics",
            _ => null,
        };
        return group is null || metric.Contains('.', StringComparison.Ordinal) ? metric : $"{group}.{metric}.value";
    }

    /// <summary>Lowest and highest value that the metric can have.</summary>
    public static (double Lowest, double Highest) RangeOf(string metric, ProblemType type) => type switch
    {
        ProblemType.BinaryClassification or ProblemType.MulticlassClassification when Of(type).Contains(metric) => (0, 1),
        ProblemType.Regression when metric == "r2" => (double.NegativeInfinity, 1),
        ProblemType.Regression when Regression.Contains(metric) => (0, double.PositiveInfinity),
        _ => (double.NegativeInfinity, double.PositiveInfinity),
    };
}
