using System.Text.Json.Nodes;
using Mlops.Platform.Events;

namespace Mlops.Platform.Ports;

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
