namespace Mlops.Platform.Local.Tuning;

/// <summary>
/// Which trainings of a tuning are ended before their time: one whose objective, after as many reports as it has made, is worse than the
/// median of the running averages of the earlier ones ("Stop training jobs early", the median stopping rule).
/// </summary>
/// <param name="sign">-1 where the objective is to be maximized, else 1.</param>
internal sealed class EarlyStopping(int sign)
{
    /// <summary>Fewer earlier trainings say too little.</summary>
    private const int Fewest = 3;

    private readonly Lock gate = new();
    private readonly Dictionary<int, List<double>> reported = [];
    private readonly HashSet<int> completed = [];

    /// <summary>Takes a value of the objective. Returns whether the training is to be ended.</summary>
    public bool Report(int training, double value)
    {
        lock (gate)
        {
            if (!reported.TryGetValue(training, out var own))
                reported[training] = own = [];
            own.Add(sign * value);
            var averages = completed.Where(t => reported[t].Count >= own.Count).Select(t => reported[t].Take(own.Count).Average()).Order().ToList();
            return averages.Count >= Fewest && own[^1] > Median(averages);
        }
    }

    /// <summary>A training came to its own end: later ones are measured by it.</summary>
    public void Complete(int training)
    {
        lock (gate)
        {
            if (reported.ContainsKey(training))
                completed.Add(training);
        }
    }

    private static double Median(List<double> sorted) =>
        sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
}
