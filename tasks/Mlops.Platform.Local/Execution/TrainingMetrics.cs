using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>Finds metrics in the log by the job's regular expressions; the last value of each counts.</summary>
internal sealed partial class TrainingMetrics(StepContext step)
{
    private static readonly TimeSpan RegexLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>A metric of every round is no news every time.</summary>
    private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(5);

    private readonly List<(string Name, Regex Form)> definitions = [.. Json.Objects(step.Arguments["AlgorithmSpecification"]?["MetricDefinitions"])
        .Select(d => (Json.Text(d["Name"]), Compile(Json.Text(d["Name"]), Json.Text(d["Regex"]))))];

    /// <summary>Expressions are Python's: groups with names count like the others there, and the first one is the value.</summary>
    private static Regex Compile(string metric, string regex)
    {
        try
        {
            return new Regex(NamedGroup().Replace(regex, "("), RegexOptions.CultureInvariant, RegexLimit);
        }
        catch (ArgumentException e)
        {
            throw new DefinitionException($"The regular expression of the metric '{metric}' cannot be read: {e.Message}");
        }
    }

    private readonly Stopwatch since = Stopwatch.StartNew();
    private readonly Dictionary<string, (TimeSpan When, double Value)> shown = new(StringComparer.Ordinal);

    /// <summary>A built-in algorithm's metrics are known without definitions.</summary>
    private readonly bool builtIn = BuiltInAlgorithms.VersionOf(step.Arguments, Json.TextMembers(step.Arguments["HyperParameters"])) is not null;

    public Dictionary<string, double> Last { get; } = new(StringComparer.Ordinal);

    public void Read(string line)
    {
        if (builtIn)
        {
            foreach (Match metric in BuiltInMetric().Matches(line))
                Add($"{metric.Groups["channel"].Value}:{metric.Groups["name"].Value}", metric.Groups["value"].Value);
        }

        foreach (var (name, form) in definitions)
        {
            Match match;
            try
            {
                match = form.Match(line);
            }
            catch (RegexMatchTimeoutException)
            {
                continue;
            }

            // The first group ("Define training metrics"); further ones are the expression's own business.
            if (match.Success)
                Add(name, match.Groups[Math.Min(1, match.Groups.Count - 1)].Value);
        }
    }

    private void Add(string name, string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return;
        step.OnMetric?.Invoke(name, value);
        // Hosts write at once.
        lock (Last)
        {
            Last[name] = value;
            if (since.Elapsed < shown.GetValueOrDefault(name).When + ShowEvery)
                return;
            shown[name] = (since.Elapsed, value);
        }

        step.Events.Add(new MetricMeasured(step.Step.Name, name, value));
    }

    /// <summary>The values that count, where they were not shown.</summary>
    public void ShowLast()
    {
        foreach (var (name, value) in Last.Where(m => !shown.TryGetValue(m.Key, out var last) || !last.Value.Equals(m.Value)))
            step.Events.Add(new MetricMeasured(step.Step.Name, name, value));
    }

    [GeneratedRegex(@"(?<!\\)\(\?P<\w+>")]
    private static partial Regex NamedGroup();

    [GeneratedRegex("#011(?<channel>train|validation)-(?<name>[^:#]+):(?<value>[^#]+)")]
    private static partial Regex BuiltInMetric();
}
