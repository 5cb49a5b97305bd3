using System.Text.Json.Nodes;

namespace Mlops.Platform.Ports;

/// <summary>A model that no pipeline made.</summary>
/// <param name="Request">Of CreateModelPackage, without expressions.</param>
/// <param name="ModelDataUrl">Of the model's own container.</param>
/// <param name="Sha256">Of the model's archive, by what is in it.</param>
/// <param name="Metrics">Of its evaluation report, by path; empty: none was given.</param>
public sealed record ModelRegistration(JsonObject Request, string ModelDataUrl, string Sha256, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>What makes it another version: not how it was measured, and what is told about it.</summary>
    public JsonObject Identity
    {
        get
        {
            var identity = (JsonObject)Request.DeepClone();
            foreach (var said in new[] { "ModelMetrics", "ModelPackageDescription", "CustomerMetadataProperties", "ModelCard" })
                identity.Remove(said);
            return identity;
        }
    }
}

/// <param name="IsNew">False: this very model was registered before.</param>
public sealed record RegisteredVersion(int Version, string Status, bool IsNew);
