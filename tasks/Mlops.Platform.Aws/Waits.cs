namespace Mlops.Platform.Aws;

/// <summary>How often a service is asked whether something has ended: soon at first, then ever more seldom.</summary>
internal sealed class Waits(TimeSpan longest)
{
    private const double Growth = 1.5;

    private TimeSpan next = First;

    /// <summary>Tests wait for nobody.</summary>
    internal static TimeSpan First { get; set; } = TimeSpan.FromSeconds(1);

    public async Task WaitAsync(CancellationToken cancellation)
    {
        await Task.Delay(next, cancellation);
        next = next * Growth < longest ? next * Growth : longest;
    }

    /// <summary>Something has happened: more may follow soon.</summary>
    public void Reset() => next = First;
}
