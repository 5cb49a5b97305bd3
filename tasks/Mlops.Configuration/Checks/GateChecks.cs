using System.Globalization;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Quality gates: there is a report to read, the metric fits the problem, the limits can be met.</summary>
internal static class GateChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        if (config.Build is not { } build)
            return;
        if (build.QualityGates is not { Count: > 0 } gates)
        {
            if (build.Train is not null && !build.Unreadable.Contains("quality_gates"))
                diagnostics.Add(Errors.NoGate(build.Span));
            return;
        }

        if (build.Evaluate is null && !build.Unreadable.Contains("evaluate"))
            diagnostics.Add(Errors.GateNeedsReport(gates[0].NameSpan));
        var type = config.Model?.ProblemType?.Value ?? ProblemType.Other;
        var typeIsKnown = config.Model?.Unreadable.Contains("problem_type") == false;
        foreach (var (metric, span, gate) in gates)
        {
            var standard = Metrics.Of(type);
            if (typeIsKnown && standard.Count > 0 && !metric.Contains('.', StringComparison.Ordinal) && !standard.Contains(metric))
                diagnostics.Add(Errors.MetricDoesNotFit(span, metric, ScalarTypes.SnakeCase(type.ToString()), standard));
            else if (gate is not null)
                CheckLimits(metric, gate, Metrics.RangeOf(metric, type), diagnostics);
        }
    }

    private static void CheckLimits(string metric, GateSection gate, (double Lowest, double Highest) range, DiagnosticBag diagnostics)
    {
        if (gate is { Min: null, Max: null, MaxDrop: null, MaxRise: null, Unreadable.Count: 0 })
            diagnostics.Add(Errors.GateWithoutLimit(gate.Span, metric));
        if (gate.Min is { } min && min.Value > range.Highest)
            diagnostics.Add(Errors.GateCannotHold(min.Span, metric, Number($"the metric is at most {range.Highest}, the gate wants at least {min.Value}.")));
        if (gate.Max is { } max && max.Value < range.Lowest)
            diagnostics.Add(Errors.GateCannotHold(max.Span, metric, Number($"the metric is at least {range.Lowest}, the gate wants at most {max.Value}.")));
        if (gate is { Min: { } low, Max: { } high } && low.Value > high.Value)
            diagnostics.Add(Errors.GateCannotHold(low.Span, metric, Number($"'min' {low.Value} is above 'max' {high.Value}.")));
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
