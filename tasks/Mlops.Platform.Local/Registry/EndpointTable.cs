using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Registry;

/// <summary>What each endpoint is to serve: read by the server when it starts, written when a new version has taken over.</summary>
public sealed class EndpointTable(RegistryDatabase database)
{
    public IReadOnlyList<EndpointRow> All() => Rows("ORDER BY name");

    public EndpointRow? Find(string name) => Rows("WHERE name = $name", ("$name", name)).FirstOrDefault();

    public void Put(EndpointRow row) => database.Transaction(() =>
    {
        database.Execute(
            """
            INSERT INTO endpoints (name, stage, model_group, version, config, updated_at) VALUES ($name, $stage, $group, $version, $config, $now)
            ON CONFLICT (name) DO UPDATE SET stage = $stage, model_group = $group, version = $version, config = $config, updated_at = $now
            """,
            ("$name", row.Name), ("$stage", row.Stage), ("$group", row.Group), ("$version", row.Version), ("$config", Json.Canonical(row.Config)), ("$now", Times.Now));
        return database.Execute(
            "INSERT OR IGNORE INTO lineage (child, parent, relation) VALUES ($child, $parent, 'serves')",
            ("$child", $"endpoint:{row.Name}"), ("$parent", ModelTable.Node(row.Group, row.Version)));
    });

    public void MarkTested(string name, string group, int version, string tests) => database.Execute(
        "INSERT OR IGNORE INTO passed_tests (endpoint, model_group, version, tests, passed_at) VALUES ($name, $group, $version, $tests, $now)",
        ("$name", name), ("$group", group), ("$version", version), ("$tests", tests), ("$now", Times.Now));

    public bool IsTested(string name, string group, int version, string tests) => database.Query(
        "SELECT 1 FROM passed_tests WHERE endpoint = $name AND model_group = $group AND version = $version AND tests = $tests", r => r.GetInt32(0),
        ("$name", name), ("$group", group), ("$version", version), ("$tests", tests)).Count > 0;

    public bool Delete(string name) => database.Execute("DELETE FROM endpoints WHERE name = $name", ("$name", name)) > 0;

    private List<EndpointRow> Rows(string where, params (string, object?)[] parameters) => database.Query(
        $"SELECT name, stage, model_group, version, config FROM endpoints {where}",
        r => new EndpointRow(r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt32(3), (JsonObject)JsonNode.Parse(r.GetString(4))!),
        parameters);
}

/// <param name="Config">Variants and environment: a change of it is a new deployment.</param>
public sealed record EndpointRow(string Name, string Stage, string Group, int Version, JsonObject Config);
