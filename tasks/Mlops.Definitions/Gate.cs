using System.Text.Json.Serialization;

namespace Mlops.Definitions;

/// <param name="Step">The condition that checks it.</param>
/// <param name="Metric">As the configuration names it.</param>
/// <param name="Path">In the property file.</param>
public sealed record Gate(string Step, string Metric, string Path, SourcePlace Place)
{
    public double? Min { get; init; }

    public double? Max { get; init; }

    public GateBaseline? MaxDrop { get; init; }

    public GateBaseline? MaxRise { get; init; }

    /// <summary>What it is compared with beside fixed limits.</summary>
    [JsonIgnore]
    public IEnumerable<GateBaseline> Baselines => new[] { MaxDrop, MaxRise }.OfType<GateBaseline>();
}

/// <param name="Parameter">A Float parameter: the limit that the approved version's value and <paramref name="Amount"/> give.</param>
public sealed record GateBaseline(string Parameter, double Amount);
