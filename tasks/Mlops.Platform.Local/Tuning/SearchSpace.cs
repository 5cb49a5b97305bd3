using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Tuning;

/// <summary>One hyperparameter's range (ParameterRanges of CreateHyperParameterTuningJob): a number on [0, 1] is a value of it.</summary>
internal sealed record SearchRange(string Name, double Min, double Max, bool Integer, string Scaling, IReadOnlyList<string>? Values)
{
    /// <summary>From so many times the lowest on, 'Auto' searches a range by its logarithm.</summary>
    private const double WideRange = 100;

    /// <summary>The value at a place from 0 to 1, as a job takes it.</summary>
    public string At(double place)
    {
        if (Values is { } values)
            return values[Math.Min(values.Count - 1, (int)(place * values.Count))];
        var value = Scaling switch
        {
            "Logarithmic" => Math.Exp(Between(Math.Log(Min), Math.Log(Max), place)),
            "ReverseLogarithmic" => 1 - Math.Exp(Between(Math.Log(1 - Min), Math.Log(1 - Max), place)),
            "Auto" when Min > 0 && Max / Min >= WideRange => Math.Exp(Between(Math.Log(Min), Math.Log(Max), place)),
            _ => Between(Min, Max, place),
        };
        if (!Integer)
            return Math.Clamp(value, Min, Max).ToString("R", CultureInfo.InvariantCulture);
        return Math.Clamp(Math.Round(value), Min, Max).ToString("0", CultureInfo.InvariantCulture);
    }

    private static double Between(double from, double to, double place) => from + (to - from) * place;
}

/// <summary>All ranges of a tuning job.</summary>
internal sealed class SearchSpace(IReadOnlyList<SearchRange> ranges)
{
    public IReadOnlyList<SearchRange> Ranges { get; } = ranges;

    /// <exception cref="DefinitionException">A range that SageMaker refuses as well.</exception>
    public static SearchSpace Of(JsonNode? parameterRanges)
    {
        List<SearchRange> ranges =
        [
            .. Json.Objects(parameterRanges?["ContinuousParameterRanges"]).Select(r => Numbers(r, integer: false)),
            .. Json.Objects(parameterRanges?["IntegerParameterRanges"]).Select(r => Numbers(r, integer: true)),
            .. Json.Objects(parameterRanges?["CategoricalParameterRanges"]).Select(r => new SearchRange(Json.Text(r["Name"]), 0, 0, false, "Linear", [.. Json.Texts(r["Values"])])),
        ];
        foreach (var range in ranges)
            Check(range);
        return ranges.GroupBy(r => r.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new DefinitionException($"The hyperparameter '{twice.Key}' has {twice.Count()} ranges.") : new SearchSpace(ranges);
    }

    private static void Check(SearchRange range)
    {
        var wrong = range switch
        {
            { Name: "" } => "has no Name",
            { Values.Count: 0 } => "has no values",
            { Values: not null } => null,
            { Integer: true } when range.Min != Math.Floor(range.Min) || range.Max != Math.Floor(range.Max) => string.Create(CultureInfo.InvariantCulture, $"is one of whole numbers, and has the bounds {range.Min} and {range.Max}"),
            _ when range.Min > range.Max => string.Create(CultureInfo.InvariantCulture, $"begins at {range.Min} and ends at {range.Max}"),
            { Scaling: "Logarithmic", Min: <= 0 } => "is searched by its logarithm, and begins at 0 or below",
            { Scaling: "ReverseLogarithmic" } when range.Min < 0 || range.Max >= 1 => "is searched by the logarithm of what is left to 1, and lies not between 0 and 1",
            _ => null,
        };
        if (wrong is not null)
            throw new DefinitionException($"The range of the hyperparameter '{range.Name}' {wrong}.");
    }

    public IReadOnlyDictionary<string, string> At(double[] place) => Ranges.Select((r, i) => (r.Name, Value: r.At(place[i]))).ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal);

    /// <summary>Every combination, where all ranges are lists.</summary>
    public IEnumerable<double[]> Combinations()
    {
        if (Ranges.FirstOrDefault(r => r.Values is null) is { } range)
            throw new DefinitionException($"The strategy Grid takes lists of values, and '{range.Name}' is a range of numbers.");
        var place = new double[Ranges.Count];
        var total = Ranges.Aggregate(1L, (n, r) => n * r.Values!.Count);
        for (var i = 0L; i < total; i++)
        {
            var rest = i;
            for (var d = Ranges.Count - 1; d >= 0; d--)
            {
                var count = Ranges[d].Values!.Count;
                place[d] = (rest % count + 0.5) / count;
                rest /= count;
            }

            yield return [.. place];
        }
    }

    /// <summary>A place as a model sees it: a list's values are as far from each other as can be.</summary>
    public double[] Features(double[] place) =>
        [.. Ranges.SelectMany((r, i) => r.Values is { } values ? Enumerable.Range(0, values.Count).Select(v => v == Math.Min(values.Count - 1, (int)(place[i] * values.Count)) ? 0.7 : 0.0) : [place[i]])];

    private static SearchRange Numbers(JsonObject range, bool integer) => new(
        Json.Text(range["Name"]), Number(range["MinValue"]), Number(range["MaxValue"]), integer, range["ScalingType"] is { } scaling ? Json.Text(scaling) : "Auto", null);

    private static double Number(JsonNode? node) => double.TryParse(Json.Text(node), CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw new DefinitionException($"'{Json.Text(node)}' is the bound of a hyperparameter's range, and no number.");
}
