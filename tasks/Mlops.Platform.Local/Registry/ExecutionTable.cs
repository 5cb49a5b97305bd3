using System.Text.Json.Nodes;

namespace Mlops.Platform.Local.Registry;

/// <summary>Executions, their steps and metrics.</summary>
public sealed class ExecutionTable(RegistryDatabase database)
{
    public void Start(string id, string pipeline, string fingerprint, JsonObject parameters) => database.Execute(
        "INSERT INTO executions (id, pipeline, fingerprint, parameters, status, started_at) VALUES ($id, $pipeline, $fingerprint, $parameters, 'Executing', $now)",
        ("$id", id), ("$pipeline", pipeline), ("$fingerprint", fingerprint), ("$parameters", parameters.ToJsonString()), ("$now", Times.Now));

    public void End(string id, string status, string? reason, string? failedStep) => database.Execute(
        "UPDATE executions SET status = $status, ended_at = $now, failure_reason = $reason, failed_step = $step WHERE id = $id",
        ("$id", id), ("$status", status), ("$now", Times.Now), ("$reason", reason), ("$step", failedStep));

    /// <summary>The newest execution of equal content that succeeded, or null.</summary>
    public ExecutionRow? FindSucceeded(string fingerprint) => Rows("WHERE fingerprint = $key AND status = 'Succeeded' ORDER BY rowid DESC LIMIT 1", ("$key", fingerprint)).FirstOrDefault();

    public ExecutionRow? Find(string id) => Rows("WHERE id = $id", ("$id", id)).FirstOrDefault();

    /// <summary>The newest ones first: in the order in which they began, whatever the clock said.</summary>
    public IReadOnlyList<ExecutionRow> Newest(int count, string? pipeline = null) =>
        Rows($"{(pipeline is null ? "" : "WHERE pipeline = $pipeline ")}ORDER BY rowid DESC LIMIT $count", [("$count", count), .. pipeline is null ? Array.Empty<(string, object?)>() : [("$pipeline", pipeline)]]);

    /// <summary>Executions whose process is gone: only the holder of the platform's lock may ask, since then no other can be running.</summary>
    public IReadOnlyList<string> Interrupted() => database.Query("SELECT id FROM executions WHERE status = 'Executing'", r => r.GetString(0));

    /// <summary>The processes that steps run in, or ran in when all was broken off.</summary>
    public IReadOnlyList<string> Processes(string id) =>
        database.Query("SELECT process FROM steps WHERE execution_id = $id AND status = 'Executing' AND process IS NOT NULL", r => r.GetString(0), ("$id", id));

    /// <summary>Marks an interrupted execution and its steps Stopped.</summary>
    public void MarkInterrupted(string id) => database.Transaction(() =>
    {
        database.Execute("UPDATE steps SET status = 'Stopped', ended_at = $now, failure_reason = 'interrupted' WHERE execution_id = $id AND status = 'Executing'", ("$id", id), ("$now", Times.Now));
        return database.Execute("UPDATE executions SET status = 'Stopped', ended_at = $now, failure_reason = 'interrupted' WHERE id = $id", ("$id", id), ("$now", Times.Now));
    });

    /// <summary>Records that a step's program runs; not forced to the disk: what ends the machine ends the program too.</summary>
    public void StartStep(string execution, StepStart step, string process) => database.Transaction(isForced: false, () => database.Execute(
        "INSERT INTO steps (execution_id, name, type, status, started_at, cache_key, content, log, process) VALUES ($execution, $step, $type, 'Executing', $started, $key, $content, $log, $process) " +
        "ON CONFLICT (execution_id, name) DO UPDATE SET process = excluded.process", // A step that is tried again.
        ("$execution", execution), ("$step", step.Name), ("$type", step.Type), ("$started", Times.Text(step.Started)), ("$key", step.CacheKey), ("$content", step.Content), ("$log", step.Log), ("$process", process)));

    /// <summary>
    /// Records the end of a step with its metrics and outputs, at once; and its beginning, where it had no program. Like the outputs themselves it is not
    /// forced to the disk: a power cut costs the step, which runs again. What is written later and is to last takes it along.
    /// </summary>
    public void EndStep(string execution, StepStart step, string status, JsonObject? properties, string? reason, string? cachedFrom, IReadOnlyDictionary<string, double> metrics, IEnumerable<StoredObject> objects) => database.Transaction(isForced: false, () =>
    {
        foreach (var stored in objects)
            PutObject(stored);
        database.Execute(
            """
            INSERT INTO steps (execution_id, name, type, status, started_at, ended_at, cache_key, content, log, properties, failure_reason, cached_from)
            VALUES ($execution, $step, $type, $status, $started, $now, $key, $content, $log, $properties, $reason, $cached)
            ON CONFLICT (execution_id, name) DO UPDATE SET status = $status, ended_at = $now, properties = $properties, failure_reason = $reason, cached_from = $cached
            """,
            ("$execution", execution), ("$step", step.Name), ("$type", step.Type), ("$status", status), ("$started", Times.Text(step.Started)), ("$now", Times.Now),
            ("$key", step.CacheKey), ("$content", step.Content), ("$log", step.Log), ("$properties", properties?.ToJsonString()), ("$reason", reason), ("$cached", cachedFrom));
        foreach (var (name, value) in metrics)
        {
            database.Execute(
                "INSERT OR REPLACE INTO metrics (execution_id, step, name, value) VALUES ($execution, $step, $name, $value)",
                ("$execution", execution), ("$step", step.Name), ("$name", name), ("$value", value));
        }

        return true;
    });

    /// <summary>Records what lies under an S3 URI.</summary>
    public void PutObject(StoredObject stored) => database.Execute(
        "INSERT OR REPLACE INTO objects (uri, sha256, stamp) VALUES ($uri, $sha, $stamp)", ("$uri", stored.Uri), ("$sha", stored.Sha256), ("$stamp", stored.Stamp));

    /// <summary>The newest step of equal content that succeeded, by itself and not by way of the cache; null: none after <paramref name="since"/>. What a clock that was wrong dated into the future does not count.</summary>
    public CachedStep? FindCached(string cacheKey, DateTimeOffset? since) => database.Query(
        "SELECT execution_id, name, ended_at, properties FROM steps WHERE cache_key = $key AND status = 'Succeeded' AND cached_from IS NULL AND ended_at >= $since AND ended_at <= $now ORDER BY ended_at DESC LIMIT 1",
        r => new CachedStep(r.GetString(0), r.GetString(1), r.GetString(2), (JsonObject)JsonNode.Parse(r.GetString(3))!),
        ("$key", cacheKey), ("$since", since is { } time ? Times.Text(time) : ""), ("$now", Times.Now)).FirstOrDefault();

    /// <summary>What steps left that ran by themselves after another one, where it names an S3 URI.</summary>
    public IReadOnlyList<JsonObject> NamingSince(string uri, CachedStep earlier) => database.Query(
        """
        SELECT properties FROM steps WHERE ended_at >= $ended AND status = 'Succeeded' AND cached_from IS NULL AND (execution_id <> $execution OR name <> $name)
        AND instr(properties, $uri) > 0
        """,
        r => (JsonObject)JsonNode.Parse(r.GetString(0))!, ("$ended", earlier.Ended), ("$execution", earlier.ExecutionId), ("$name", earlier.Name), ("$uri", JsonValue.Create(uri).ToJsonString()));

    /// <summary>What decided a step's result when it last succeeded in an execution of the same pipeline; null: it never did.</summary>
    public string? LastContent(string execution, string step) => database.Query(
        """
        SELECT s.content FROM steps s JOIN executions e ON e.id = s.execution_id
        WHERE s.name = $step AND s.status = 'Succeeded' AND s.content IS NOT NULL AND e.pipeline = (SELECT pipeline FROM executions WHERE id = $execution)
        ORDER BY e.rowid DESC LIMIT 1
        """,
        r => r.GetString(0), ("$execution", execution), ("$step", step)).FirstOrDefault();

    /// <summary>What decided each step's result, by the step's name.</summary>
    public IReadOnlyDictionary<string, string> Contents(string execution) => database.Query(
        "SELECT name, content FROM steps WHERE execution_id = $execution AND content IS NOT NULL",
        r => (Name: r.GetString(0), Content: r.GetString(1)), ("$execution", execution)).ToDictionary(s => s.Name, s => s.Content, StringComparer.Ordinal);

    /// <summary>What the steps of an execution left, as JSON.</summary>
    public IReadOnlyList<string> Properties(string execution) => database.Query(
        "SELECT properties FROM steps WHERE execution_id = $id AND properties IS NOT NULL", r => r.GetString(0), ("$id", execution));

    /// <summary>What a step left; null: nothing.</summary>
    public JsonObject? Properties(string execution, string step) => database.Query(
        "SELECT properties FROM steps WHERE execution_id = $id AND name = $step AND properties IS NOT NULL", r => (JsonObject)JsonNode.Parse(r.GetString(0))!, ("$id", execution), ("$step", step)).FirstOrDefault();

    /// <summary>The hash of what was once written under an S3 URI, there or not.</summary>
    public string? RecordedHash(string uri) => database.Query("SELECT sha256 FROM objects WHERE uri = $uri", r => r.GetString(0), ("$uri", uri)).FirstOrDefault();

    /// <summary>The executions whose id begins so, the newest first.</summary>
    public IReadOnlyList<ExecutionRow> FindByPrefix(string prefix) => Rows("WHERE substr(id, 1, length($prefix)) = $prefix ORDER BY rowid DESC", ("$prefix", prefix));

    /// <summary>The newest executions of a pipeline that have ended, however, the newest first.</summary>
    public IReadOnlyList<ExecutionRow> NewestEnded(string pipeline, int count) => Rows("WHERE pipeline = $pipeline AND status <> 'Executing' ORDER BY rowid DESC LIMIT $count", ("$pipeline", pipeline), ("$count", count));

    public JsonObject Parameters(string execution) => database.Query(
        "SELECT parameters FROM executions WHERE id = $id", r => (JsonObject)JsonNode.Parse(r.GetString(0))!, ("$id", execution)).Single();

    public IReadOnlyDictionary<string, double> Metrics(string execution, string step) => database.Query(
        "SELECT name, value FROM metrics WHERE execution_id = $execution AND step = $step ORDER BY name",
        r => (Name: r.GetString(0), Value: r.GetDouble(1)), ("$execution", execution), ("$step", step)).ToDictionary(m => m.Name, m => m.Value, StringComparer.Ordinal);

    /// <summary>The steps of an execution that succeeded, with what they came to.</summary>
    public IReadOnlyList<CachedStep> Succeeded(string execution) => database.Query(
        "SELECT execution_id, name, ended_at, properties FROM steps WHERE execution_id = $execution AND status = 'Succeeded' AND properties IS NOT NULL ORDER BY started_at, rowid",
        r => new CachedStep(r.GetString(0), r.GetString(1), r.GetString(2), (JsonObject)JsonNode.Parse(r.GetString(3))!), ("$execution", execution));

    public IReadOnlyList<StepRow> Steps(string execution) => database.Query(
        "SELECT name, type, status, started_at, ended_at, cached_from, log, failure_reason FROM steps WHERE execution_id = $execution ORDER BY started_at, rowid",
        r => new StepRow(
            r.GetString(0), r.GetString(1), r.GetString(2), Times.Parse(r.GetString(3)), r.IsDBNull(4) ? null : Times.Parse(r.GetString(4)),
            r.IsDBNull(5) ? null : r.GetString(5), r.IsDBNull(6) ? null : r.GetString(6), r.IsDBNull(7) ? null : r.GetString(7)),
        ("$execution", execution));

    /// <summary>The log of a step's newest run, or null; what was taken from the cache did not run.</summary>
    public string? NewestLog(string step) => database.Query(
        "SELECT log FROM steps WHERE name = $step AND log IS NOT NULL AND cached_from IS NULL ORDER BY rowid DESC LIMIT 1", r => r.GetString(0), ("$step", step)).FirstOrDefault();

    private List<ExecutionRow> Rows(string where, params (string, object?)[] parameters) => database.Query(
        $"SELECT id, pipeline, status, started_at, ended_at, failure_reason, failed_step, model_version, model_group, fingerprint = '' FROM executions {where}",
        r => new ExecutionRow(
            r.GetString(0), r.GetString(1), r.GetString(2), Times.Parse(r.GetString(3)), r.IsDBNull(4) ? null : Times.Parse(r.GetString(4)),
            r.IsDBNull(5) ? null : r.GetString(5), r.IsDBNull(6) ? null : r.GetString(6), r.IsDBNull(7) ? null : r.GetInt32(7), r.IsDBNull(8) ? null : r.GetString(8))
        { IsSelective = r.GetBoolean(9) },
        parameters);
}

public sealed record ExecutionRow(string Id, string Pipeline, string Status, DateTimeOffset Started, DateTimeOffset? Ended, string? FailureReason, string? FailedStep, int? ModelVersion, string? ModelGroup)
{
    /// <summary>Chosen steps alone ran: no run of the whole pipeline is the same.</summary>
    public bool IsSelective { get; init; }
}

public sealed record StepRow(string Name, string Type, string Status, DateTimeOffset Started, DateTimeOffset? Ended, string? CachedFrom, string? Log, string? FailureReason);

/// <param name="Stamp">Sizes and times of the files: while they are the same, so is the content.</param>
public sealed record StoredObject(string Uri, string Sha256, string? Stamp);

/// <param name="Content">What decides the step's result, as canonical JSON; null: it does no work.</param>
/// <param name="Log">Null: a step without a program.</param>
public sealed record StepStart(string Name, string Type, DateTimeOffset Started, string? CacheKey, string? Content, string? Log);

/// <param name="Name">Its own: a step may have another name since.</param>
/// <param name="Ended">As the registry has it.</param>
public sealed record CachedStep(string ExecutionId, string Name, string Ended, JsonObject Properties);
