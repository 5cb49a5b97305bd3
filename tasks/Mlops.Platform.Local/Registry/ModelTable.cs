using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Registry;

/// <summary>Model versions, decisions on them, and lineage.</summary>
public sealed class ModelTable(RegistryDatabase database)
{
    /// <summary>
    /// Registers a version for an execution (empty: for none), once: equal content gives the version that is there. Numbers are given
    /// within the transaction, so they have neither gaps nor doubles.
    /// </summary>
    public (int Version, string Status, bool IsNew) Register(string group, string fingerprint, string modelDataUrl, string sha256, JsonObject request, IReadOnlyDictionary<string, double> metrics, string executionId, IEnumerable<string> parents) => database.Transaction(() =>
    {
        var existing = database.Query(
            "SELECT version, status FROM model_versions WHERE model_group = $group AND fingerprint = $fingerprint",
            r => (Version: r.GetInt32(0), Status: r.GetString(1)), ("$group", group), ("$fingerprint", fingerprint));
        var (version, status) = existing.Count > 0 ? existing[0]
            : (database.Query("SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE model_group = $group", r => r.GetInt32(0), ("$group", group))[0], request["ModelApprovalStatus"]?.ToString() ?? "PendingManualApproval");
        if (existing.Count == 0)
        {
            database.Execute(
                "INSERT INTO model_versions (model_group, version, fingerprint, status, model_data_url, sha256, request, metrics, execution_id, created_at) VALUES ($group, $version, $fingerprint, $status, $url, $sha, $request, $metrics, nullif($execution, ''), $now)",
                ("$group", group), ("$version", version), ("$fingerprint", fingerprint), ("$status", status), ("$url", modelDataUrl), ("$sha", sha256),
                ("$request", request.ToJsonString()), ("$metrics", Numbers(metrics)),
                ("$execution", executionId), ("$now", Times.Now));
            foreach (var parent in parents)
                AddLineage(Node(group, version), parent);
        }

        else
        {
            // The same model, made again or measured again: the newest artifact is the one that is known to be whole.
            database.Execute(
                "UPDATE model_versions SET model_data_url = $url, sha256 = $sha, request = $request, metrics = $metrics WHERE model_group = $group AND version = $version",
                ("$url", modelDataUrl), ("$sha", sha256), ("$request", request.ToJsonString()), ("$metrics", Numbers(metrics)), ("$group", group), ("$version", version));
        }

        database.Execute("UPDATE executions SET model_group = $group, model_version = $version WHERE id = $execution", ("$group", group), ("$version", version), ("$execution", executionId));
        return (version, status, existing.Count == 0);
    });

    public ModelVersion? Find(string group, int version) => Versions("WHERE model_group = $group AND version = $version", ("$group", group), ("$version", version)).FirstOrDefault();

    /// <summary>The newest first.</summary>
    public IReadOnlyList<ModelVersion> List(string group) => Versions("WHERE model_group = $group ORDER BY version DESC", ("$group", group));

    /// <summary>Names of all groups that have versions.</summary>
    public IReadOnlyList<string> Groups() => database.Query("SELECT DISTINCT model_group FROM model_versions ORDER BY model_group", r => r.GetString(0));

    /// <summary>The requests of all versions, as JSON: what they refer to is theirs.</summary>
    public IReadOnlyList<string> Requests() => database.Query("SELECT request FROM model_versions", r => r.GetString(0));

    public JsonObject Request(string group, int version) => (JsonObject)JsonNode.Parse(database.Query(
        "SELECT request FROM model_versions WHERE model_group = $group AND version = $version", r => r.GetString(0), ("$group", group), ("$version", version))[0])!;

    public ApprovalDecision? Decision(string group, int version, string stage) => database.Query(
        "SELECT version, stage, decision, who, decided_at, reason FROM decisions WHERE model_group = $group AND version = $version AND stage = $stage AND accepted = 1 ORDER BY id DESC LIMIT 1",
        Decision, ("$group", group), ("$version", version), ("$stage", stage)).FirstOrDefault();

    /// <summary>All decisions on a version, attempts that came too late included, in order.</summary>
    public IReadOnlyList<ApprovalDecision> Decisions(string group, int version) => database.Query(
        "SELECT version, stage, iif(accepted, decision, decision || ' (too late)'), who, decided_at, reason FROM decisions WHERE model_group = $group AND version = $version ORDER BY id",
        Decision, ("$group", group), ("$version", version));

    /// <summary>Records a decision, and with <paramref name="final"/> as the version's status, if the latest is still <paramref name="expected"/>; else records the attempt and returns the latest.</summary>
    public ApprovalDecision? Decide(string group, ApprovalDecision decision, ApprovalDecision? expected, bool final) => database.Transaction(() =>
    {
        var latest = Decision(group, decision.Version, decision.Stage);
        var accepted = latest?.When == expected?.When && latest?.Decision == expected?.Decision;
        database.Execute(
            "INSERT INTO decisions (model_group, version, stage, decision, who, decided_at, reason, accepted) VALUES ($group, $version, $stage, $decision, $who, $at, $reason, $accepted)",
            ("$group", group), ("$version", decision.Version), ("$stage", decision.Stage), ("$decision", decision.Decision), ("$who", decision.Who),
            ("$at", Times.Text(decision.When)), ("$reason", decision.Reason), ("$accepted", accepted ? 1 : 0));
        if (accepted && final)
            database.Execute("UPDATE model_versions SET status = $status WHERE model_group = $group AND version = $version", ("$status", decision.Decision), ("$group", group), ("$version", decision.Version));
        return accepted ? null : latest;
    });

    private void AddLineage(string child, string parent) => database.Execute(
        "INSERT OR IGNORE INTO lineage (child, parent, relation) VALUES ($child, $parent, $relation)", ("$child", child), ("$parent", parent), ("$relation", "made of"));

    /// <summary>What a node was made of, directly.</summary>
    public IReadOnlyList<string> Parents(string child) => database.Query("SELECT parent FROM lineage WHERE child = $child ORDER BY parent", r => r.GetString(0), ("$child", child));

    private static string Numbers(IReadOnlyDictionary<string, double> metrics) =>
        new JsonObject(metrics.Select(m => KeyValuePair.Create<string, JsonNode?>(m.Key, m.Value))).ToJsonString();

    public static string Node(string group, int version) => string.Create(CultureInfo.InvariantCulture, $"model:{group}/{version}");

    private static ApprovalDecision Decision(SqliteDataReader r) =>
        new(r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetString(3), Times.Parse(r.GetString(4)), r.IsDBNull(5) ? null : r.GetString(5));

    private List<ModelVersion> Versions(string where, params (string, object?)[] parameters) => database.Query(
        $"SELECT model_group, version, status, model_data_url, sha256, created_at, coalesce(execution_id, ''), metrics FROM model_versions {where}",
        r => new ModelVersion(r.GetString(0), r.GetInt32(1), r.GetString(2), r.GetString(3), r.GetString(4), Times.Parse(r.GetString(5)), r.GetString(6))
        {
            Metrics = ((JsonObject)JsonNode.Parse(r.GetString(7))!).ToDictionary(m => m.Key, m => m.Value!.GetValue<double>(), StringComparer.Ordinal),
        },
        parameters);
}
