namespace Mlops.Platform.Local.Endpoints;

/// <summary>Answers, errors among them, and how long they took, by the millisecond.</summary>
internal sealed class AnswerCount
{
    private const int Longest = 60_000;

    private readonly int[] byMillisecond = new int[Longest + 1];
    private int answers;
    private int errors;

    public int Answers => Volatile.Read(ref answers);

    /// <summary>Answers that were the model's own fault: its status is 500 or above, or there was none.</summary>
    public int Errors => Volatile.Read(ref errors);

    /// <summary>The time within which 99 of a hundred answers came, rounded up to a millisecond.</summary>
    public int P99Milliseconds
    {
        get
        {
            var rest = Answers - (int)Math.Ceiling(Answers * 0.99);
            for (var at = Longest; at > 0; at--)
            {
                rest -= Volatile.Read(ref byMillisecond[at]);
                if (rest < 0)
                    return at;
            }

            return 0;
        }
    }

    public void Add(int status, TimeSpan latency)
    {
        Interlocked.Increment(ref byMillisecond[(int)Math.Min(Longest, Math.Ceiling(latency.TotalMilliseconds))]);
        if (status >= 500)
            Interlocked.Increment(ref errors);
        Interlocked.Increment(ref answers);
    }
}
