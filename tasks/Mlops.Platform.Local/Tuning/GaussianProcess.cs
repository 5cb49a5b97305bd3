using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Mlops.Platform.Local.Tuning;

/// <summary>
/// Regression by a Gaussian process with Matern's kernel of 5/2; length and noise are those of the largest marginal likelihood
/// (Rasmussen and Williams: "Gaussian Processes for Machine Learning", algorithm 2.1 and equation 4.17).
/// </summary>
internal sealed class GaussianProcess
{
    private static readonly double[] Lengths = [0.1, 0.2, 0.35, 0.6, 1, 2];
    private static readonly double[] Noises = [1e-6, 1e-3, 1e-1];

    private readonly double[][] places;
    private readonly Cholesky<double> factor;
    private readonly Vector<double> weights;
    private readonly double length;
    private readonly double mean;
    private readonly double deviation;

    private GaussianProcess(double[][] places, Cholesky<double> factor, Vector<double> weights, double length, double mean, double deviation)
    {
        this.places = places;
        this.factor = factor;
        this.weights = weights;
        this.length = length;
        this.mean = mean;
        this.deviation = deviation;
    }

    public static GaussianProcess Fit(double[][] places, double[] values)
    {
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        deviation = deviation > 0 ? deviation : 1;
        var targets = Vector<double>.Build.DenseOfEnumerable(values.Select(v => (v - mean) / deviation));
        GaussianProcess? best = null;
        var highest = double.NegativeInfinity;
        foreach (var length in Lengths)
        {
            foreach (var noise in Noises)
            {
                var kernel = Matrix<double>.Build.Dense(places.Length, places.Length, (i, j) => Kernel(places[i], places[j], length) + (i == j ? noise : 0));
                var factor = kernel.Cholesky();
                var weights = factor.Solve(targets);
                var likelihood = -0.5 * targets.DotProduct(weights) - 0.5 * factor.DeterminantLn;
                if (!(likelihood > highest))
                    continue;
                highest = likelihood;
                best = new GaussianProcess(places, factor, weights, length, mean, deviation);
            }
        }

        return best!;
    }

    /// <summary>How much lower than the best the value at a place is expected to be.</summary>
    public double ExpectedImprovement(double[] place, double best)
    {
        var row = Vector<double>.Build.Dense(places.Length, i => Kernel(places[i], place, length));
        var expected = row.DotProduct(weights);
        var variance = 1 - row.DotProduct(factor.Solve(row));
        var spread = Math.Sqrt(Math.Max(variance, 1e-12));
        var lead = (best - mean) / deviation - expected;
        var z = lead / spread;
        return lead * Normal.CDF(0, 1, z) + spread * Normal.PDF(0, 1, z);
    }

    private static double Kernel(double[] a, double[] b, double length)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        var distance = Math.Sqrt(5 * sum) / length;
        return (1 + distance + distance * distance / 3) * Math.Exp(-distance);
    }
}
