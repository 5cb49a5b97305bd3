using System.Diagnostics;
using System.Globalization;

namespace Mlops.Benchmarks;

/// <summary>Medians of several rounds after one that warms up.</summary>
internal static class Figures
{
    private const int Rounds = 7;

    /// <summary>Milliseconds of one time.</summary>
    public static double Time(int times, Action work)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < times; i++)
            work();
        return clock.Elapsed.TotalMilliseconds / times;
    }

    public static double Report(string what, string unit, Func<double> measure)
    {
        measure();
        var figures = Enumerable.Range(0, Rounds).Select(_ => measure()).Order().ToList();
        Say($"{what}: {figures[Rounds / 2]:F2} {unit} ({figures[0]:F2} to {figures[^1]:F2})");
        return figures[Rounds / 2];
    }

    public static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
