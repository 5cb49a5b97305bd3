using System.Globalization;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Limits on metrics, alike in gates, bias and monitors: the metric exists, and the limit can be met and missed.</summary>
internal static class LimitChecks
{
    /// <summary>Limits on the metrics of a model-quality report.</summary>
    public static void CheckQuality<T>(NamedMap<T>? limits, ModelConfig config, DiagnosticBag diagnostics)
        where T : LimitSection
    {
        var type = config.Model?.ProblemType?.Value ?? ProblemType.Other;
        var typeIsKnown = config.Model?.Unreadable.Contains("problem_type") == false;
        foreach (var (metric, span, limit) in limits ?? NamedMap<T>.Empty)
        {
            var standard = Metrics.Of(type);
            if (IsNoPath(metric))
                diagnostics.Add(Errors.WrongName(span, "a metric", metric, "a path is the names that lead to a number of the report, with one '.' between them and no '$' or '*', such as regression_metrics.mae.value."));
            else if (typeIsKnown && standard.Count > 0 && !metric.Contains('.', StringComparison.Ordinal) && !standard.Contains(metric))
                diagnostics.Add(Errors.MetricDoesNotFit(span, metric, Words.Snake(type), standard));
            else if (limit is not null)
                CheckLimit(metric, limit, Metrics.RangeOf(metric, type), diagnostics);
        }
    }

    /// <summary>Limits on metrics that are known by name.</summary>
    public static void CheckNamed(NamedMap<LimitSection>? limits, Func<string, (double Lowest, double Highest)?> range, Func<Span, string, Diagnostic> unknown, DiagnosticBag diagnostics)
    {
        foreach (var (metric, span, limit) in limits ?? NamedMap<LimitSection>.Empty)
        {
            if (range(metric) is not { } bounds)
                diagnostics.Add(unknown(span, metric));
            else if (limit is not null)
                CheckLimit(metric, limit, bounds, diagnostics);
        }
    }

    private static void CheckLimit(string metric, LimitSection limit, (double Lowest, double Highest) range, DiagnosticBag diagnostics)
    {
        var hasLimit = limit.Min is not null || limit.Max is not null || limit is GateSection { MaxDrop: not null } or GateSection { MaxRise: not null };
        if (!hasLimit && limit.Unreadable.Count == 0)
            diagnostics.Add(Errors.GateWithoutLimit(limit.Span, metric));
        if (limit.Min is { } min)
        {
            if (min.Value > range.Highest)
                diagnostics.Add(Errors.GateCannotHold(min.Span, metric, Number($"the metric is at most {range.Highest}, and must be at least {min.Value}.")));
            else if (min.Value <= range.Lowest)
                diagnostics.Add(Errors.NoEffect(min.Span, "min", Number($"'{metric}' is never below {range.Lowest}. Raise it, or remove it.")));
        }

        if (limit.Max is { } max)
        {
            if (max.Value < range.Lowest)
                diagnostics.Add(Errors.GateCannotHold(max.Span, metric, Number($"the metric is at least {range.Lowest}, and must be at most {max.Value}.")));
            else if (max.Value >= range.Highest)
                diagnostics.Add(Errors.NoEffect(max.Span, "max", Number($"'{metric}' is never above {range.Highest}. Lower it, or remove it.")));
        }

        if (limit is { Min: { } low, Max: { } high } && low.Value > high.Value)
            diagnostics.Add(Errors.GateCannotHold(low.Span, metric, Number($"'min' {low.Value} is above 'max' {high.Value}.")));
    }

    /// <summary>What JsonGet refuses when the run has come to it.</summary>
    private static bool IsNoPath(string metric) =>
        metric.Length == 0 || metric[0] is '.' or '$' || metric[^1] == '.' || metric.Contains("..", StringComparison.Ordinal) || metric.Contains('*') || metric.Any(char.IsControl);

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
