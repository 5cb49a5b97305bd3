using System.Globalization;
using Mlops.Platform.Local.Tuning;

namespace Mlops.Platform.Local.Tests;

/// <summary>Searches, without jobs: what they try, and how well.</summary>
public sealed class TuningTests
{
    private static readonly SearchSpace Square = new([new("x", -5, 10, false, "Linear", null), new("y", 0, 15, false, "Linear", null)]);

    [Fact]
    public void Bayesian_beats_random_on_Branin_in_30_trials()
    {
        var (bayesian, random) = (0.0, 0.0);
        for (var seed = 0; seed < 20; seed++)
        {
            bayesian += Best(new BayesianSearch(Square, new Random(seed)));
            random += Best(new RandomSearch(Square, new Random(seed)));
        }

        // The minimum is 0.3979.
        Assert.True(bayesian / 20 < random / 20 / 1.5, string.Create(CultureInfo.InvariantCulture, $"bayesian {bayesian / 20:F3}, random {random / 20:F3}"));
        Assert.InRange(bayesian / 20, 0.39, 0.8);
    }

    [Fact]
    public void Grid_tries_every_combination_once()
    {
        var space = new SearchSpace([new("a", 0, 0, false, "Linear", ["1", "2", "3"]), new("b", 0, 0, false, "Linear", ["x", "y"])]);
        var search = new GridSearch(space);
        var tried = new List<string>();
        while (search.Next([]) is { } place)
            tried.Add(string.Join(' ', space.At(place).Values));

        Assert.Equal(["1 x", "1 y", "2 x", "2 y", "3 x", "3 y"], tried);
    }

    [Theory]
    [InlineData("Linear", 0.5, "50.5")]
    [InlineData("Logarithmic", 0.5, "10")]
    [InlineData("Auto", 0.5, "10")]
    [InlineData("Linear", 0, "1")]
    [InlineData("Linear", 1, "100")]
    public void A_place_is_a_value_of_its_range(string scaling, double place, string value) =>
        Assert.Equal(double.Parse(value, CultureInfo.InvariantCulture), double.Parse(new SearchRange("a", 1, 100, false, scaling, null).At(place), CultureInfo.InvariantCulture), 9);

    [Fact]
    public void Whole_numbers_stay_whole_and_within() =>
        Assert.All(Enumerable.Range(0, 101), i => Assert.InRange(int.Parse(new SearchRange("a", 1, 10, true, "Auto", null).At(i / 100.0), CultureInfo.InvariantCulture), 1, 10));

    [Fact]
    public void Trials_under_way_are_not_tried_again()
    {
        var search = new BayesianSearch(Square, new Random(1));
        var known = Enumerable.Range(0, 8).Select(i => new[] { i / 8.0, i * 3 % 8 / 8.0 }).Select(p => new Trial(p, Branin(p))).ToList();
        var first = search.Next(known);

        var second = search.Next([.. known, new Trial(first, null)]);

        Assert.True(first.Zip(second).Sum(p => Math.Abs(p.First - p.Second)) > 0.01);
    }

    private static double Best(ISearch search)
    {
        var trials = new List<Trial>();
        for (var i = 0; i < 30; i++)
        {
            var place = search.Next(trials)!;
            trials.Add(new Trial(place, Branin(place)));
        }

        return trials.Min(t => t.Value)!.Value;
    }

    /// <summary>The Branin-Hoo function on its usual square.</summary>
    private static double Branin(double[] place)
    {
        var at = Square.At(place);
        var (x, y) = (double.Parse(at["x"], CultureInfo.InvariantCulture), double.Parse(at["y"], CultureInfo.InvariantCulture));
        var a = y - 5.1 / (4 * Math.PI * Math.PI) * x * x + 5 / Math.PI * x - 6;
        return a * a + 10 * (1 - 1 / (8 * Math.PI)) * Math.Cos(x) + 10;
    }
}
