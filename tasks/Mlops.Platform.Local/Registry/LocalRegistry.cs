using Mlops.Definitions;

namespace Mlops.Platform.Local.Registry;

/// <summary>The registry: one table class for each subject, all over one file.</summary>
public sealed class LocalRegistry : IDisposable
{
    private readonly RegistryDatabase database;

    private LocalRegistry(RegistryDatabase database)
    {
        this.database = database;
        Executions = new(database);
        Models = new(database);
        Endpoints = new(database);
        Triggers = new(database);
    }

    public ExecutionTable Executions { get; }

    public ModelTable Models { get; }

    public EndpointTable Endpoints { get; }

    public TriggerTable Triggers { get; }

    public static LocalRegistry Open(LocalRoot root) => new(RegistryDatabase.Open(root.Registry));

    /// <summary>Refuses a damaged file.</summary>
    public void Check() => database.Check();

    /// <summary>Creates or updates a pipeline. Returns false where it has this very definition.</summary>
    public bool PutPipeline(string name, string definition, string sha256) => database.Execute(
        """
        INSERT INTO pipelines (name, definition, sha256, updated_at) VALUES ($name, $definition, $sha, $now)
        ON CONFLICT (name) DO UPDATE SET definition = $definition, sha256 = $sha, updated_at = $now WHERE sha256 <> $sha
        """,
        ("$name", name), ("$definition", definition), ("$sha", sha256), ("$now", Times.Now)) > 0;

    public PipelineDefinition? FindPipeline(string name) => database.Query(
        "SELECT definition FROM pipelines WHERE name = $name", r => PipelineDefinition.Parse(r.GetString(0)), ("$name", name)).FirstOrDefault();

    /// <summary>All published pipelines.</summary>
    public IReadOnlyList<string> PipelineNames() => database.Query("SELECT name FROM pipelines ORDER BY name", r => r.GetString(0));

    /// <summary>The definitions of all published pipelines, as JSON.</summary>
    public IReadOnlyList<string> Definitions() => database.Query("SELECT definition FROM pipelines", r => r.GetString(0));

    /// <summary>The hash that was recorded for an S3 URI, if the stamp is still the same.</summary>
    public string? ObjectHash(string uri, string? stamp) => database.Query(
        "SELECT sha256 FROM objects WHERE uri = $uri AND stamp IS $stamp", r => r.GetString(0), ("$uri", uri), ("$stamp", stamp)).FirstOrDefault();

    public void PutObjectHash(string uri, string sha256, string? stamp) => Executions.PutObject(new StoredObject(uri, sha256, stamp));

    public void Dispose() => database.Dispose();
}
