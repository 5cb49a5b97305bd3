using System.Text.Json.Nodes;
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

    /// <summary>Makes what all the rest lies in or runs as, where it differs: bucket, registry, roles. Returns whether anything was changed.</summary>
    Task<bool> PrepareAsync(CancellationToken cancellation);

    /// <summary>Refuses, before a pipeline runs for a deploy, what would keep every stage from serving when it has.</summary>
    Task CheckServingAsync(CancellationToken cancellation);

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

/// <summary>S3's objects below one bucket.</summary>
public interface IObjectStore
{
    string Bucket { get; }

    /// <summary>Makes a bundle's files (or its archive) be under its key. Returns false where they were there.</summary>
    Task<bool> PutBundleAsync(SourceBundle bundle, string tarFile, CancellationToken cancellation);

    /// <summary>Whether a bundle is there.</summary>
    Task<bool> HasBundleAsync(SourceBundle bundle, CancellationToken cancellation);

    /// <summary>Where a file or folder would lie; Stored: it would have to be sent.</summary>
    Task<StoredData> LocateDataAsync(string name, string path, string prefix, CancellationToken cancellation);

    /// <summary>Names the content of places in S3: another one once any of it has changed. Null: this platform's caches look at content themselves.</summary>
    Task<string?> VersionAsync(IReadOnlyList<string> uris, CancellationToken cancellation);

    /// <summary>Makes a file or folder be under a key that holds its hash.</summary>
    Task<StoredData> PutDataAsync(string name, string path, string prefix, CancellationToken cancellation);
}

/// <param name="Stored">False: it was there.</param>
public sealed record StoredImage(string Uri, bool Stored);

/// <param name="Stored">False: it was there.</param>
public sealed record StoredData(string S3Uri, string Sha256, bool Stored);

public interface IPipelines
{
    /// <summary>Creates or updates the pipeline. Returns false where it has this very definition.</summary>
    Task<bool> PutAsync(string name, PipelineDefinition definition, CancellationToken cancellation);

    /// <summary>The definition that was published last, or null.</summary>
    Task<PipelineDefinition?> FindAsync(string name, CancellationToken cancellation);

    /// <summary>Whether the definition that was looked at last is known to be somebody else's, and not what was published.</summary>
    bool WasChangedElsewhere { get; }

    /// <summary>The newest executions, the newest first.</summary>
    /// <param name="whole">With versions and metrics, where these are asked for one by one.</param>
    Task<IReadOnlyList<RunListed>> NewestAsync(string name, int count, bool whole, CancellationToken cancellation);

    /// <summary>How two executions differ: parameters, steps, metrics and outputs.</summary>
    /// <param name="first">An execution's id, or its first characters.</param>
    Task<IReadOnlyList<RunDifference>> CompareAsync(string name, string first, string second, CancellationToken cancellation);

    /// <summary>What a run of a definition would do; nothing is started.</summary>
    /// <param name="parameters">As of <see cref="RunRequest.Parameters"/>.</param>
    Task<RunPreview> PreviewAsync(Workspace workspace, PipelineDefinition definition, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellation);

    /// <summary>Starts an execution and follows it to its end. Returns the last one where nothing that it depends on has changed since.</summary>
    Task<ExecutionResult> RunAsync(Workspace workspace, RunRequest request, CancellationToken cancellation);
}

/// <param name="Version">That of an execution of this very content, with which a deploy goes on; null: one would be started.</param>
/// <param name="Reason">Why one of this content does not stand for it; null: there is none, or it does.</param>
public sealed record RunPreview(int? Version, string? Reason);

/// <param name="Status">Succeeded, Failed or Stopped.</param>
/// <param name="Version">The version that its RegisterModel step made, or found.</param>
/// <param name="Ran">False: nothing had changed since this execution, and none was started.</param>
public sealed record ExecutionResult(string ExecutionId, string Status, string? FailureReason, int? Version, bool Ran)
{
    /// <summary>Values of the evaluation's report by gate path, where it was written.</summary>
    public required IReadOnlyDictionary<string, double> GateValues { get; init; }

    public string? FailedStep { get; init; }

    /// <summary>Of a selective execution: the one whose results it went on with; null: it needed none.</summary>
    public string? SourceExecutionId { get; init; }

    public string? Log { get; init; }
}

public interface IModelRegistry
{
    Task<ModelVersion?> FindAsync(string group, int version, CancellationToken cancellation);

    /// <summary>The newest versions, the newest first.</summary>
    Task<IReadOnlyList<ModelVersion>> ListAsync(string group, CancellationToken cancellation);

    /// <summary>The newest versions, the newest first, with their decisions and what they are made of.</summary>
    Task<IReadOnlyList<VersionListed>> DescribeNewestAsync(string group, int most, CancellationToken cancellation);

    /// <summary>One version with its decisions and what it is made of; null: there is none.</summary>
    Task<VersionListed?> DescribeAsync(string group, int version, CancellationToken cancellation);

    /// <summary>Metrics of the newest version that was approved, by gate path; null: none was.</summary>
    Task<IReadOnlyDictionary<string, double>?> ApprovedMetricsAsync(string group, CancellationToken cancellation);

    /// <summary>Numbers of a version's evaluation report, by path.</summary>
    Task<IReadOnlyDictionary<string, double>> MetricsAsync(string group, int version, CancellationToken cancellation);

    /// <summary>What was written about a version when it was registered; null: there is no such version.</summary>
    Task<VersionDescription?> DescriptionAsync(string group, int version, CancellationToken cancellation);

    /// <summary>Registers a model that no pipeline made, once.</summary>
    Task<RegisteredVersion> RegisterAsync(string group, ModelRegistration registration, CancellationToken cancellation);

    /// <summary>The statement of what a version was made of, or null.</summary>
    Task<byte[]?> ProvenanceAsync(string group, int version, CancellationToken cancellation);

    Task PutProvenanceAsync(string group, int version, byte[] statement, CancellationToken cancellation);

    /// <summary>The latest decision on a version for a stage, or null.</summary>
    Task<ApprovalDecision?> DecisionAsync(string group, int version, string stage, CancellationToken cancellation);

    /// <summary>Records a decision if the latest one is still <paramref name="expected"/>; else returns that one, and records the attempt.</summary>
    /// <param name="final">It is the version's ModelApprovalStatus: the decision for the last stage that asks.</param>
    Task<ApprovalDecision?> DecideAsync(string group, ApprovalDecision decision, ApprovalDecision? expected, bool final, CancellationToken cancellation);
}

/// <param name="Status">PendingManualApproval, Approved or Rejected.</param>
public sealed record ModelVersion(string Group, int Version, string Status, string ModelDataUrl, string Sha256, DateTimeOffset Created, string ExecutionId)
{
    /// <summary>By gate path, where the platform keeps them with the version.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
}

/// <param name="Card">By SageMaker's JSON schema for model cards; null: it has none.</param>
/// <param name="Properties">CustomerMetadataProperties.</param>
public sealed record VersionDescription(string? Description, JsonObject? Card, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>Null where there is none, or none that can be read: others write cards, too.</summary>
    public static JsonObject? ReadCard(string? content)
    {
        try
        {
            return content is null ? null : JsonNode.Parse(content) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}

/// <param name="Decision">Approved or Rejected.</param>
/// <param name="Who">The user, and the machine.</param>
public sealed record ApprovalDecision(int Version, string Stage, string Decision, string Who, DateTimeOffset When, string? Reason);

public interface IStages
{
    /// <summary>What a stage serves now, or null.</summary>
    Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation);

    /// <summary>Whether what a stage is said to serve with is there, by the service itself: somebody else may have taken it away.</summary>
    Task<bool> IsThereAsync(Stage stage, CancellationToken cancellation);

    /// <summary>What making a stage serve a version would change.</summary>
    /// <param name="version">Null: one that is not there yet.</param>
    Task<IReadOnlyList<PlannedChange>> PlanAsync(Stage stage, ModelVersion? version, CancellationToken cancellation);

    /// <summary>Makes a stage serve a version. Where that version does not come up, the old one goes on serving and this throws.</summary>
    /// <param name="settings">Those of an earlier <see cref="StageState"/>, to go back to it; null: what the stage says now.</param>
    Task<StageState> PutAsync(Stage stage, ModelVersion version, string? settings, CancellationToken cancellation);

    /// <summary>Takes a stage's endpoint away. Returns false where there was none.</summary>
    /// <param name="evenProtected">Also where it is protected from that.</param>
    Task<bool> DeleteAsync(Stage stage, bool evenProtected, CancellationToken cancellation);

    /// <summary>Asks a stage's endpoint for a prediction, over SageMaker Runtime.</summary>
    Task<InvokeResult> InvokeAsync(Stage stage, InvokeRequest request, CancellationToken cancellation);

    /// <summary>Predicts a whole data set with the version that a stage serves, to its end.</summary>
    Task<BatchResult> PredictAsync(Stage stage, BatchRequest request, CancellationToken cancellation);

    /// <summary>Whether a version passed these tests of the stage, ever.</summary>
    /// <param name="tests">The hash of the tests, payloads included: others were not passed.</param>
    Task<bool> IsTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation);

    /// <summary>Records that a version passed the stage's tests.</summary>
    Task MarkTestedAsync(Stage stage, int version, string tests, CancellationToken cancellation);

    /// <summary>Endpoints of this place that belong to none of these stages.</summary>
    Task<IReadOnlyList<OtherEndpoint>> OthersAsync(IReadOnlyList<Stage> stages, CancellationToken cancellation);

    /// <summary>Takes an endpoint away that belongs to no stage.</summary>
    Task DeleteAsync(OtherEndpoint endpoint, bool evenProtected, CancellationToken cancellation);
}

/// <param name="Healthy">It answers.</param>
/// <param name="UpToDate">It is configured as the stage says.</param>
/// <param name="Settings">How it is configured, in the platform's own form.</param>
public sealed record StageState(int Version, string Url, bool Healthy, bool UpToDate, string Settings)
{
    /// <summary>It does not answer, and comes up again by itself.</summary>
    public bool IsRestarting { get; init; }

    /// <summary>What keeps it from being as the stage says, and what to do, where another deploy alone does not help; null: it would.</summary>
    public string? Condition { get; init; }
}

/// <param name="Protected">From deletion.</param>
public sealed record OtherEndpoint(string Name, int Version, bool Protected = false);

public sealed record InvokeRequest(ReadOnlyMemory<byte> Body, string ContentType, string? Accept = null);

public sealed record InvokeResult(int Status, string ContentType, byte[] Body, TimeSpan Latency);
