using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>4xxx: what works, and is doubtful. Silenced with NoWarn, made errors with WarningsAsErrors.</summary>
public static partial class Errors
{
    public static Diagnostic NoGate(Span span) =>
        Warning("MLOPS4001", span, "No quality gate: whatever is trained will be registered. Add 'quality_gates', such as '{ accuracy: { min: 0.9 } }'.");

    public static Diagnostic UnusedData(Span span, string name) =>
        Warning("MLOPS4002", span, $"No step uses the data set '{name}'. Name it in a step's 'inputs', or remove it.");
}
