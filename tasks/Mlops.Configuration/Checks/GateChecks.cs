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
            if (config.HasModel && !build.Unreadable.Contains("quality_gates"))
                diagnostics.Add(Errors.NoGate(build.Span));
            return;
        }

        if (build.Evaluate is null && !build.Unreadable.Contains("evaluate"))
            diagnostics.Add(Errors.GateNeedsReport(gates[0].NameSpan));
        LimitChecks.CheckQuality(gates, config, diagnostics);
    }
}
