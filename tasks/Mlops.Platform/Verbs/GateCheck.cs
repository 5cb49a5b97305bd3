using System.Globalization;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>Quality gates against values that were measured.</summary>
internal static class GateCheck
{
    /// <summary>Gates whose value was measured and does not hold, each as an error at its line.</summary>
    /// <param name="values">By the gates' paths; limits that an approved version sets, by their parameters.</param>
    public static IEnumerable<Problem> Failed(VerbContext context, IReadOnlyDictionary<string, double> values)
    {
        foreach (var gate in context.Workspace.Deployment.Gates)
        {
            if (!values.TryGetValue(gate.Path, out var value))
                continue;
            var limit = gate.Min > value ? string.Create(CultureInfo.InvariantCulture, $"is below {gate.Min}")
                : gate.Max < value ? string.Create(CultureInfo.InvariantCulture, $"is above {gate.Max}")
                : Relative(gate.MaxDrop, value, true, values) ?? Relative(gate.MaxRise, value, false, values);
            if (limit is not null)
                yield return context.Workspace.At(PlatformErrors.GateFailed(gate, value, limit), gate.Place);
        }
    }

    /// <summary>max_drop and max_rise become limits once a version is approved, by their parameters; until then every value meets them.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> LimitsAsync(VerbContext context, CancellationToken cancellation)
    {
        var limits = new Dictionary<string, double>(StringComparer.Ordinal);
        var gates = context.Workspace.Deployment.Gates.Where(g => g.Baselines.Any()).ToList();
        if (gates.Count == 0 || await context.Platform.Models.ApprovedMetricsAsync(context.Workspace.Deployment.ModelPackageGroupName, cancellation) is not { } approved)
            return limits;
        foreach (var gate in gates)
        {
            if (!approved.TryGetValue(gate.Path, out var value))
                continue;
            if (gate.MaxDrop is { } drop)
                limits[drop.Parameter] = value - drop.Amount;
            if (gate.MaxRise is { } rise)
                limits[rise.Parameter] = value + rise.Amount;
        }

        return limits;
    }

    private static string? Relative(GateBaseline? baseline, double value, bool floor, IReadOnlyDictionary<string, double> values)
    {
        if (baseline is null || !values.TryGetValue(baseline.Parameter, out var limit) || (floor ? value >= limit : value <= limit))
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"is {(floor ? "below" : "above")} {limit}: more than {baseline.Amount} {(floor ? "below" : "above")} the approved version's");
    }
}
