using System.Text.Json;
using System.Text.Json.Serialization;
using Mlops.Platform.Events;

namespace Mlops.Platform.Verbs;

/// <summary>What a deploy would do: to look at, to keep, and to be carried out as it is.</summary>
/// <param name="ManifestSha256">Of the built files that it was made for.</param>
public sealed record Plan(string ModelName, string Platform, string ManifestSha256, IReadOnlyList<PlannedChange> Changes)
{
    public const string CurrentVersion = "1.0";

    /// <summary>A newer minor version only adds members.</summary>
    public string FormatVersion { get; init; } = CurrentVersion;

    /// <summary>Of the run, beside the pipeline's own.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What somebody else changed is no work for a deploy.</summary>
    [JsonIgnore]
    public bool HasWork => Changes.Any(c => c.Action != "Drift");

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, PlanJson.Default.Plan);

    /// <summary>Reads a plan that was kept.</summary>
    public static Plan Read(string file)
    {
        try
        {
            var plan = JsonSerializer.Deserialize(File.ReadAllBytes(file), PlanJson.Default.Plan);
            return plan is not null && plan.FormatVersion.Split('.')[0] == CurrentVersion.Split('.')[0] ? plan
                : throw PlatformErrors.PlanUnreadable(file, $"its format is '{plan?.FormatVersion}', and {CurrentVersion} is known.").ToException();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw PlatformErrors.PlanUnreadable(file, e.Message).ToException();
        }
    }

    /// <summary>Whether another plan is the same work on the same files.</summary>
    public bool IsSameAs(Plan other) => (ModelName, Platform, ManifestSha256) == (other.ModelName, other.Platform, other.ManifestSha256) && Changes.SequenceEqual(other.Changes);
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Plan))]
internal sealed partial class PlanJson : JsonSerializerContext;
