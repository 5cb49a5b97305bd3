using System.Globalization;
using System.Text.RegularExpressions;

namespace Mlops.Platform.Verbs;

/// <summary>A limit for a metric, such as <c>accuracy>=0.9</c>.</summary>
/// <param name="Metric">The path in the evaluation's report, or what stands before '.value' in it.</param>
/// <param name="Operator">One of &lt;, &lt;=, =, &gt;=, &gt;.</param>
public sealed partial record MetricCondition(string Metric, string Operator, double Limit)
{
    /// <summary>Null: it is no such text.</summary>
    public static MetricCondition? Parse(string text) =>
        Form().Match(text) is { Success: true } m && double.TryParse(m.Groups["limit"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) && double.IsFinite(limit)
            ? new MetricCondition(m.Groups["metric"].Value, m.Groups["operator"].Value, limit) : null;

    /// <summary>False also where it was not measured.</summary>
    /// <param name="metrics">Of a version, by path.</param>
    public bool Holds(IReadOnlyDictionary<string, double> metrics)
    {
        // A whole path means one; where several groups have a metric, all of them are meant.
        var meant = metrics.TryGetValue(Metric, out var exact) ? [exact] : metrics.Where(m => m.Key.EndsWith($".{Metric}.value", StringComparison.Ordinal)).Select(m => m.Value).ToList();
        return meant.Count > 0 && meant.All(Holds);
    }

    private bool Holds(double value) => Operator switch
    {
        "<" => value < Limit,
        "<=" => value <= Limit,
        ">=" => value >= Limit,
        ">" => value > Limit,
        _ => value.Equals(Limit),
    };

    [GeneratedRegex(@"^\s*(?<metric>[A-Za-z_][\w.\-@]*)\s*(?<operator><=|>=|<|>|=)\s*(?<limit>\S+)\s*$")]
    private static partial Regex Form();
}
