using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Ports;

/// <summary>Where models are built and served: four ports in SageMaker's words.</summary>
public interface IPlatform : IAsyncDisposable
{
    IObjectStore Objects { get; }

    IPipelines Pipelines { get; }

    IModelRegistry Models { get; }

    IStages Stages { get; }

    /// <summary>One of <see cref="Definitions.PlatformNames"/>.</summary>
    string Name { get; }

    /// <summary>Who works here: what is recorded with a decision.</summary>
    string Caller { get; }

    /// <summary>The role of the pipeline and its jobs.</summary>
    string ExecutionRole { get; }

    /// <summary>A publish follows: begins what it will ask and read anyway, beside what is asked now.</summary>
    void LookAhead()
    {
        // Where everything is at hand, nothing is gained.
    }

    /// <summary>Makes what all the rest lies in or runs as, where it differs: bucket, registry, roles. Returns whether anything was changed.</summary>
    /// <param name="stages">Those that are to be changed after it: their places are looked at first.</param>
    /// <param name="wayBack">What is there will do where it cannot be changed, which is said.</param>
    Task<bool> PrepareAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation, bool wayBack = false);

    /// <summary>Refuses, before a pipeline runs for a deploy, what would keep these stages from serving when it has.</summary>
    Task CheckServingAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation);

    /// <summary>Refuses, before a stage is taken away, what could not be closed then.</summary>
    Task CheckCloseAsync(CloseScope scope, CancellationToken cancellation);

    /// <summary>Takes away what is left when no stage is: an idle server, or the pipeline and the stack of the build. Says what it keeps.</summary>
    Task<bool> CloseAsync(CloseScope scope, CancellationToken cancellation);

    /// <summary>What <see cref="PrepareAsync"/> would change.</summary>
    Task<IReadOnlyList<PlannedChange>> PlanPrepareAsync(CancellationToken cancellation);

    /// <summary>Whether anything was ever prepared: else there is nothing that the other ports could ask.</summary>
    bool IsPrepared { get; }

    /// <summary>Keeps who did what, of which commit, and how it ended.</summary>
    Task RecordAsync(AuditEntry entry, CancellationToken cancellation);

    /// <summary>The newest entries, the newest first.</summary>
    Task<IReadOnlyList<AuditEntry>> AuditAsync(int count, CancellationToken cancellation);

    /// <summary>What a failure of this platform's own libraries means to a user; null: it is none of theirs.</summary>
    Problem? Explain(Exception failure);

    /// <summary>Copies the log of a step's last run, or of the model that a stage serves. Returns false where there is none.</summary>
    Task<bool> CopyLogAsync(string name, Stream output, CancellationToken cancellation);

    /// <summary>What the image that a framework runs in is called here. Stored: it would have to be made.</summary>
    Task<StoredImage> LocateImageAsync(ImageParameter image, CancellationToken cancellation);

    /// <summary>Makes that image be there.</summary>
    Task<StoredImage> PutImageAsync(ImageParameter image, CancellationToken cancellation);

    /// <summary>Held by a verb that changes something: one at a time, waiting is bounded and says for whom.</summary>
    /// <param name="now">Not only when something is changed: what is read until then must hold.</param>
    Task<IAsyncDisposable> LockAsync(string verb, CancellationToken cancellation, bool now = false);
}

/// <summary>How much goes when no stage is left.</summary>
public enum CloseScope
{
    /// <summary>What runs for nobody.</summary>
    Idle,

    /// <summary>Also what costs nothing while it waits.</summary>
    Build,

    /// <summary>Also data, runs and registered versions, for good.</summary>
    Data,
}

/// <param name="Stored">False: it was there.</param>
public sealed record StoredImage(string Uri, bool Stored);
