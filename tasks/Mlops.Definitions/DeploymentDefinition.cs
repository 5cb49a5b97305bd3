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

/// <param name="File">The Ustar file, relative to the artifacts.</param>
/// <param name="Sha256">Of the tar.</param>
/// <param name="Key">Where its files go: a prefix below the bucket that holds the hash.</param>
/// <param name="Archive">True: SageMaker's script mode wants it as one sourcedir.tar.gz under the key.</param>
public sealed record SourceBundle(string File, string Sha256, string Key, bool Archive)
{
    /// <summary>The modules that its Python program imports in any case and that do not travel with it; null: none, or not known.</summary>
    public IReadOnlyList<string>? PythonImports { get; init; }

    /// <summary>The packages that its R program attaches in any case; null: none, or not known.</summary>
    public IReadOnlyList<string>? RLibraries { get; init; }
}

/// <param name="Parameter">The pipeline parameter that takes the data set's S3 URI.</param>
/// <param name="Source">A path within the repository, or an S3 URI.</param>
public sealed record PublishedData(string Name, string Parameter, string Source);

/// <summary>A parameter that takes an image: of SageMaker's where <see cref="Repository"/> is known, else one that publish makes.</summary>
public sealed record ImageParameter(string Parameter, string Framework, string? Version = null)
{
    public string? Repository { get; init; }

    public string? Tag { get; init; }

    /// <summary>The account of the repository, by region.</summary>
    public IReadOnlyDictionary<string, string>? Accounts { get; init; }

    /// <summary>SageMaker's image of a region; null: it has none there.</summary>
    /// <param name="dnsSuffix">Of the region's partition, amazonaws.com most often.</param>
    public string? UriIn(string region, string dnsSuffix) =>
        Accounts?.GetValueOrDefault(region) is { } account ? $"{account}.dkr.ecr.{region}.{dnsSuffix}/{Repository}:{Tag}" : null;
}

/// <summary>A C# program in a container, as the .NET SDK's container publishing makes it of a built project.</summary>
/// <param name="Project">Relative to the repository.</param>
/// <param name="Tag">A hash of all that the image holds: the program, and the project's settings of its container.</param>
public sealed record ProgramContainer(string Project, string Configuration, string TargetFramework, string Tag)
{
    /// <summary>The framework of the parameters that take its image.</summary>
    public const string Framework = "dotnet";

    /// <summary>Of the project, by which the SDK makes the image.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <param name="Step">The condition that checks it.</param>
/// <param name="Metric">As the configuration names it.</param>
/// <param name="Path">In the property file.</param>
public sealed record Gate(string Step, string Metric, string Path, SourcePlace Place)
{
    public double? Min { get; init; }

    public double? Max { get; init; }

    public GateBaseline? MaxDrop { get; init; }

    public GateBaseline? MaxRise { get; init; }
}

/// <param name="Parameter">A Float parameter: the limit that the approved version's value and <paramref name="Amount"/> give.</param>
public sealed record GateBaseline(string Parameter, double Amount);

/// <param name="Essential">Without it a run would not be what was asked for: verbs refuse it. Else they warn.</param>
public sealed record Gap(string Key, SourcePlace Place, bool Essential)
{
    /// <summary>The platform that lacks it; null: all do.</summary>
    public string? Platform { get; init; }
}

/// <param name="Line">1-based, as <paramref name="Column"/>.</param>
public sealed record SourcePlace(int Line, int Column);

public sealed record Retraining
{
    /// <summary>As EventBridge Scheduler takes it; null: at no fixed time.</summary>
    public string? Schedule { get; init; }

    /// <summary>The data sets whose new content starts a run.</summary>
    public IReadOnlyList<string> OnNewData { get; init; } = [];

    /// <summary>Of such a run.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>At most one run in this time, whatever the reasons.</summary>
    public int CooldownSeconds { get; init; }
}

public sealed record Stage
{
    public required string Name { get; init; }

    /// <summary>Automatic or Manual: who lets a version in.</summary>
    public required StageApproval Approval { get; init; }

    public required string EndpointName { get; init; }

    /// <summary>
    /// CreateEndpointConfig without names; each variant's ModelName is filled in at deployment, and ${BucketName} in a location is the
    /// platform's bucket. Null: the stage serves batches alone.
    /// </summary>
    public JsonObject? EndpointConfig { get; init; }

    /// <summary>CreateEndpoint's DeploymentConfig, without alarms; null: all at once.</summary>
    public JsonObject? DeploymentConfig { get; init; }

    /// <summary>What rolls a rollout back; null: only a model that ends.</summary>
    public StageAlarms? Alarms { get; init; }

    /// <summary>Nothing runs while nothing waits to be answered.</summary>
    public bool ScalesToZero { get; init; }

    /// <summary>Predictions for whole data sets; null: none.</summary>
    public StageBatch? Batch { get; init; }

    /// <summary>Records of a stream that go through the endpoint; null: none.</summary>
    public StageStream? Stream { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How it answers requests; null: it serves batches alone.</summary>
    public EndpointKind? Endpoint { get; init; } = EndpointKind.Realtime;

    /// <summary>Where it is on aws: complete, whatever the configuration says of all places.</summary>
    public AwsPlace Aws { get; init; } = new();

    /// <summary>Versions beside the one that is deployed.</summary>
    public IReadOnlyList<FurtherVersion> FurtherVersions { get; init; } = [];

    public IReadOnlyList<StageTest> Tests { get; init; } = [];

    public required SourcePlace Place { get; init; }
}

/// <param name="Variant">That serves it.</param>
/// <param name="Parameter">Of the deploy template, that takes its model package.</param>
/// <param name="Version">"approved", "latest" or a number.</param>
public sealed record FurtherVersion(string Variant, string Parameter, string Version);

public sealed record StageAlarms
{
    /// <summary>The longest that 99 of a hundred answers may take.</summary>
    public double? P99Milliseconds { get; init; }

    /// <summary>Of the requests, 0 to 1.</summary>
    public double? ErrorRate { get; init; }
}

/// <param name="Transform">CreateTransformJob, without names.</param>
public sealed record StageBatch(JsonObject Transform)
{
    /// <summary>As EventBridge Scheduler takes it; null: none.</summary>
    public string? Schedule { get; init; }

    /// <summary>Started by what comes to lie in its input.</summary>
    public bool OnNewData { get; init; }
}

/// <param name="Source">The name of the stream that is read.</param>
/// <param name="Destination">The name of the stream that takes the predictions.</param>
public sealed record StageStream(string Source, string Destination)
{
    /// <summary>The name of what is told of records that could not be predicted; null: nothing is.</summary>
    public string? Failures { get; init; }

    /// <summary>Where the first reading begins: at the oldest record, or at the next that comes.</summary>
    public bool FromOldest { get; init; }

    /// <summary>How many records at once.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>How long it waits for that many.</summary>
    public int BatchWindowSeconds { get; init; }

    /// <summary>Of a record.</summary>
    public required string ContentType { get; init; }

    /// <summary>Of a prediction.</summary>
    public required string Accept { get; init; }
}

public static class PlatformNames
{
    public const string Local = "local";
    public const string Aws = "aws";
}

public enum EndpointKind
{
    Realtime,
    Serverless,
    Async,
}

/// <summary>An account and a region, and what is used there.</summary>
public sealed record AwsPlace
{
    /// <summary>Null: the account of the credentials.</summary>
    public string? Account { get; init; }

    /// <summary>Null: the region of the environment or the profile.</summary>
    public string? Region { get; init; }

    /// <summary>Assumed to deploy; null: the credentials as they are.</summary>
    public string? DeployRole { get; init; }

    /// <summary>An ARN; null: the stack makes a role.</summary>
    public string? ExecutionRole { get; init; }

    /// <summary>A bucket that is there; null: the build stack makes one.</summary>
    public string? Bucket { get; init; }

    /// <summary>The ARN of the key that encrypts; null: S3's own encryption.</summary>
    public string? KmsKey { get; init; }
}

public enum StageApproval
{
    Automatic,
    Manual,
}

/// <param name="Place">Of the test in config.yaml.</param>
public sealed record StageTest(SourcePlace Place)
{
    /// <summary>A file of the repository that is sent; null where a program tests.</summary>
    public string? Payload { get; init; }

    public string? ContentType { get; init; }

    public int ExpectStatus { get; init; } = 200;

    public int? MaxLatencyMilliseconds { get; init; }

    /// <summary>A program of the repository, with the command that runs it.</summary>
    public IReadOnlyList<string>? Command { get; init; }
}

/// <summary>Read by the local platform only.</summary>
public sealed record LocalSettings
{
    public string Root { get; init; } = ".mlops";

    /// <summary>Null: the first free one from 8080.</summary>
    public int? Port { get; init; }

    /// <summary>How many of the newest runs stay whole; null: <see cref="DefaultKeepRuns"/>.</summary>
    public int? KeepRuns { get; init; }

    public const int DefaultKeepRuns = 100;

    /// <summary>Commands in place of what a laptop has not, by function ARN, queue URL, image URI and cluster id.</summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>();

    public const string ProcessSandbox = "Process";
    public const string NamespaceSandbox = "Namespace";
    public const string ContainerSandbox = "Container";

    /// <summary>How steps are kept apart; null: as each needs it.</summary>
    public string? Sandbox { get; init; }

    /// <summary>What to start in place of a container's python3, Rscript, ...</summary>
    public IReadOnlyDictionary<string, string> Interpreters { get; init; } = new Dictionary<string, string>();
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DeploymentDefinition))]
internal sealed partial class DefinitionsJson : JsonSerializerContext;
