namespace Mlops.Platform.Local.Tuning;

/// <summary>A trial that ended with a value, or is under way.</summary>
/// <param name="Value">Of the objective, turned so that less is better; null: not known yet.</param>
internal sealed record Trial(double[] Place, double? Value);

/// <summary>Where to try next.</summary>
internal interface ISearch
{
    /// <summary>Null: there is nothing left to try.</summary>
    double[]? Next(IReadOnlyList<Trial> trials);
}

/// <summary>Every combination, one after another.</summary>
internal sealed class GridSearch(SearchSpace space) : ISearch
{
    private readonly IEnumerator<double[]> combinations = space.Combinations().GetEnumerator();

    public double[]? Next(IReadOnlyList<Trial> trials) => combinations.MoveNext() ? combinations.Current : null;
}

internal sealed class RandomSearch(SearchSpace space, Random random) : ISearch
{
    public double[] Next(IReadOnlyList<Trial> trials) => [.. space.Ranges.Select(_ => random.NextDouble())];
}

/// <summary>
/// Bayesian optimisation: a Gaussian process over the trials, and the place of the largest expected improvement (Jones, Schonlau, Welch:
/// "Efficient Global Optimization of Expensive Black-Box Functions", 1998). Trials under way count as if they had come out as the best so
/// far ("constant liar"), so that those beside each other differ.
/// </summary>
internal sealed class BayesianSearch(SearchSpace space, Random random) : ISearch
{
    private const int Candidates = 2000;
    private const int Neighbours = 50;
    private const double NeighbourDistance = 0.05;

    private readonly RandomSearch uniform = new(space, random);

    public double[] Next(IReadOnlyList<Trial> trials)
    {
        var known = trials.Where(t => t.Value is not null).ToList();
        if (known.Count < Math.Max(4, space.Ranges.Count + 2))
            return Spread(trials);
        var best = known.MinBy(t => t.Value)!;
        var process = GaussianProcess.Fit([.. trials.Select(t => space.Features(t.Place))], [.. trials.Select(t => t.Value ?? best.Value!.Value)]);
        var candidates = Enumerable.Range(0, Candidates).Select(_ => uniform.Next(trials))
            .Concat(known.OrderBy(t => t.Value).Take(5).SelectMany(t => Enumerable.Range(0, Neighbours).Select(_ => Near(t.Place))));
        return candidates.MaxBy(c => process.ExpectedImprovement(space.Features(c), best.Value!.Value))!;
    }

    /// <summary>At first, places far from those that were tried.</summary>
    private double[] Spread(IReadOnlyList<Trial> trials) => Enumerable.Range(0, 20).Select(_ => uniform.Next(trials))
        .MaxBy(c => trials.Count == 0 ? 0 : trials.Min(t => space.Features(t.Place).Zip(space.Features(c)).Sum(p => (p.First - p.Second) * (p.First - p.Second))))!;

    private double[] Near(double[] place) => [.. place.Select(p => Math.Clamp(p + NeighbourDistance * Normal(), 0, 1))];

    /// <summary>A normal number (Box and Muller).</summary>
    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
