using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Ports;

public interface IStages
{
    /// <summary>What a stage serves now, or null.</summary>
    Task<StageState?> DescribeAsync(Stage stage, CancellationToken cancellation);

    /// <summary>Whether what a stage is said to serve with is there, by the service itself: somebody else may have taken it away.</summary>
    Task<bool> IsThereAsync(Stage stage, CancellationToken cancellation);

    /// <summary>Before a stage is changed: nobody else changes it from here on, and a change that goes on is through. Returns whether anything may have become other meanwhile; then what was asked before is asked again.</summary>
    Task<bool> BeginAsync(Stage stage, CancellationToken cancellation);

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

    /// <summary>What a program that asks a stage's endpoint is started with.</summary>
    Task<TestSurroundings> TestSurroundingsAsync(Stage stage, CancellationToken cancellation);

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

/// <param name="Interpreters">Programs by the names that commands have for them; the others are what they are called.</param>
/// <param name="Environment">Variables that lead an SDK of AWS to the stage's region, and let it in there; null: one that would lead elsewhere, and goes.</param>
public sealed record TestSurroundings(IReadOnlyDictionary<string, string> Interpreters, IReadOnlyDictionary<string, string?> Environment);

public sealed record InvokeRequest(ReadOnlyMemory<byte> Body, string ContentType, string? Accept = null);

public sealed record InvokeResult(int Status, string ContentType, byte[] Body, TimeSpan Latency);
