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
    public bool Holds(IReadOnlyDictionary<string, double> metrics) => metrics.Where(m => IsMeant(m.Key)).Select(m => (double?)m.Value).FirstOrDefault() is { } value && Operator switch
    {
        "<" => value < Limit,
        "<=" => value <= Limit,
        ">=" => value >= Limit,
        ">" => value > Limit,
        _ => value.Equals(Limit),
    };

    private bool IsMeant(string path) => path == Metric || path.EndsWith($".{Metric}.value", StringComparison.Ordinal);

    [GeneratedRegex(@"^\s*(?<metric>[A-Za-z_][\w.\-@]*)\s*(?<operator><=|>=|<|>|=)\s*(?<limit>\S+)\s*$")]
    private static partial Regex Form();
}
