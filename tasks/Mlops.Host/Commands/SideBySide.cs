using System.Collections.Concurrent;

namespace Mlops.Host.Commands;

/// <summary>Work on many things at once, whose results come in the order of the things.</summary>
internal static class SideBySide
{
    /// <summary>One thing alone is worked on where it is: parallel queries take longer to begin than a file to compile.</summary>
    public static IEnumerable<TResult> Select<T, TResult>(IReadOnlyList<T> things, Func<T, TResult> work) => things.Count == 1
        ? things.Select(work)
        : Partitioner.Create([.. things], loadBalance: true).AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(work);
}
