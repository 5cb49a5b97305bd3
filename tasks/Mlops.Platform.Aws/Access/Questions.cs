namespace Mlops.Platform.Aws.Access;

/// <summary>Questions about many things, a few at a time: a service throttles who asks all of them at once.</summary>
internal static class Questions
{
    private const int AtOnce = 8;

    /// <summary>The answers, in the order of the things. The first failure ends the others.</summary>
    public static async Task<TAnswer[]> AskAsync<T, TAnswer>(IReadOnlyList<T> things, Func<T, CancellationToken, Task<TAnswer>> ask, CancellationToken cancellation)
    {
        var answers = new TAnswer[things.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, things.Count, options, async (i, token) => answers[i] = await ask(things[i], token));
        return answers;
    }
}
