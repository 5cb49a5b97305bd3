using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>Whether what a step left is there, and is its own.</summary>
internal sealed class CachedResults(LocalRegistry registry, LocalObjectStore objects)
{
    public bool AreThere(CachedStep step) => StepOutputs.Of(step.Properties).All(o => objects.IsIntact(o.Uri) && !IsWrittenSince(o.Uri, step));

    /// <summary>At a place that is the same in each run, what any other step wrote since is not this one's.</summary>
    private bool IsWrittenSince(string uri, CachedStep step) => !uri.Contains(step.ExecutionId, StringComparison.Ordinal)
        && registry.Executions.NamingSince(uri, step).Any(later => StepOutputs.Of(later).Any(o => o.Uri == uri));
}
