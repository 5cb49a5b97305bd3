using System.Text.Json.Nodes;
using Mlops.Platform.Local.Registry;

namespace Mlops.Platform.Local.Execution;

/// <summary>How a step ended. Properties have the shape of the job's Describe call.</summary>
/// <param name="FailureReason">Null: it succeeded.</param>
internal sealed record StepOutcome(JsonObject Properties, string? FailureReason = null)
{
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>What it wrote to the object store.</summary>
    public IReadOnlyList<StoredObject> Objects { get; init; } = [];

    public static StepOutcome Failed(string reason) => new([], reason);
}
