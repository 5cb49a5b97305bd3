using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>What all steps of one execution share.</summary>
internal sealed record EngineContext
{
    public required string ExecutionId { get; init; }

    public required LocalRoot Root { get; init; }

    public required LocalRegistry Registry { get; init; }

    public required LocalObjectStore Objects { get; init; }

    public required ProgramSettings Programs { get; init; }

    public required MountPool Mounts { get; init; }

    /// <summary>Of every job's program.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IEventSink Events { get; init; }

    /// <summary>What a model of this execution is made of, as lineage nodes.</summary>
    public required IReadOnlyList<string> Lineage { get; init; }

    /// <summary>Of a selective execution; null: all steps run.</summary>
    public EarlierResults? Earlier { get; init; }

    /// <summary>How many steps run at once.</summary>
    public required int MaxParallel { get; init; }
}
