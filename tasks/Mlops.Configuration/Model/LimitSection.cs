using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>What a metric must not leave; both ends belong to it, either may be left out.</summary>
[Section("the limit")]
public record LimitSection : Section
{
    [Key("min", "The lowest value that passes, on the metric's own scale.")]
    public Located<double>? Min { get; init; }

    [Key("max", "The highest value that passes, on the metric's own scale.")]
    public Located<double>? Max { get; init; }
}

[Section("the gate")]
public sealed record GateSection : LimitSection
{
    [Key("max_drop", "How far the value may lie below the approved version's; the first version passes.", Min = 0)]
    public Located<double>? MaxDrop { get; init; }

    [Key("max_rise", "How far the value may lie above the approved version's; the first version passes.", Min = 0)]
    public Located<double>? MaxRise { get; init; }
}
