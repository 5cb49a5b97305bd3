using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Mlops.Definitions;

/// <summary>
/// What a platform needs beside the pipeline: what to publish, which stages there are, and where in config.yaml
/// a gate stands. Requests within it have SageMaker's shapes.
/// </summary>
public sealed record DeploymentDefinition
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required string ModelName { get; init; }

    public required string PipelineName { get; init; }

    public required string ModelPackageGroupName { get; init; }

    /// <summary>ParallelismConfiguration.MaxParallelExecutionSteps of CreatePipeline; null: as many as are ready.</summary>
    public int? MaxParallelExecutionSteps { get; init; }

    /// <summary>The file that the places below refer to, relative to the repository.</summary>
    public required string ConfigFile { get; init; }

    /// <summary>Its SHA-256 when these artifacts were made: another one means that they are stale.</summary>
    public required string ConfigSha256 { get; init; }

    /// <summary>Where each step, and 'inference', stands in the file.</summary>
    public IReadOnlyDictionary<string, SourcePlace> Places { get; init; } = new Dictionary<string, SourcePlace>();

    /// <summary>The prefix of all keys in the bucket.</summary>
    public required string Prefix { get; init; }

    public IReadOnlyList<SourceBundle> Sources { get; init; } = [];

    public IReadOnlyList<PublishedData> Data { get; init; } = [];

    /// <summary>Parameters that hold an image, and the framework that each is for.</summary>
    public IReadOnlyList<ImageParameter> Images { get; init; } = [];

    /// <summary>The container that publish makes of the C# program; null: no step and no model needs one, or no project is known that makes it.</summary>
    public ProgramContainer? Container { get; init; }

    public IReadOnlyList<Gate> Gates { get; init; } = [];

    public IReadOnlyList<Stage> Stages { get; init; } = [];

    /// <summary>Which of a version's containers is the model's own; null: the first.</summary>
    public int? ModelContainer { get; init; }

    /// <summary>The bundle (of <see cref="Sources"/>, by its file) that lies below code/ in the model's archive; null: containers fetch their code.</summary>
    public string? PackagedCode { get; init; }

    /// <summary>Of every schedule, by its IANA name.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What runs the build again; null: nothing does by itself.</summary>
    public Retraining? Retraining { get; init; }

    public LocalSettings Local { get; init; } = new();

    /// <summary>Where the model is built on aws.</summary>
    public AwsPlace Aws { get; init; } = new();

    /// <summary>What the configuration asks for and this version does not carry out.</summary>
    public IReadOnlyList<Gap> Gaps { get; init; } = [];

    /// <summary>The stage whose decision is the version's own: the last that asks a person, or the last. Null: there are none.</summary>
    [JsonIgnore]
    public Stage? DecidingStage => Stages.LastOrDefault(s => s.Approval == StageApproval.Manual) ?? (Stages is [.., var last] ? last : null);

    public static DeploymentDefinition Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var read = JsonSerializer.Deserialize(utf8, DefinitionsJson.Default.DeploymentDefinition) ?? throw new DefinitionException("deployment.json is empty.");
            return read.Version == CurrentVersion ? read : throw new DefinitionException($"deployment.json has the version {read.Version}; {CurrentVersion} is known. Build again with this version of the SDK.");
        }
        catch (JsonException e)
        {
            throw new DefinitionException($"deployment.json cannot be read: {e.Message}");
        }
    }

    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, DefinitionsJson.Default.DeploymentDefinition)!;
}

/// <param name="Essential">Without it a run would not be what was asked for: verbs refuse it. Else they warn.</param>
public sealed record Gap(string Key, SourcePlace Place, bool Essential)
{
    /// <summary>The platform that lacks it; null: all do.</summary>
    public string? Platform { get; init; }
}

/// <param name="Line">1-based, as <paramref name="Column"/>.</param>
public sealed record SourcePlace(int Line, int Column);

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DeploymentDefinition))]
internal sealed partial class DefinitionsJson : JsonSerializerContext;
