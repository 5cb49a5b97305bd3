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
            INSERT INTO endpoints (name, stage, model_group, version, config, tested, updated_at) VALUES ($name, $stage, $group, $version, $config, 0, $now)
            ON CONFLICT (name) DO UPDATE SET stage = $stage, model_group = $group, version = $version, config = $config,
                tested = (CASE WHEN version = $version AND config = $config THEN tested ELSE 0 END), updated_at = $now
            """,
            ("$name", row.Name), ("$stage", row.Stage), ("$group", row.Group), ("$version", row.Version), ("$config", Json.Canonical(row.Config)), ("$now", Times.Now));
        return database.Execute(
            "INSERT OR IGNORE INTO lineage (child, parent, relation) VALUES ($child, $parent, 'serves')",
            ("$child", $"endpoint:{row.Name}"), ("$parent", ModelTable.Node(row.Group, row.Version)));
    });

    public void MarkTested(string name, int version) => database.Execute(
        "UPDATE endpoints SET tested = 1 WHERE name = $name AND version = $version", ("$name", name), ("$version", version));

    public bool Delete(string name) => database.Execute("DELETE FROM endpoints WHERE name = $name", ("$name", name)) > 0;

    private List<EndpointRow> Rows(string where, params (string, object?)[] parameters) => database.Query(
        $"SELECT name, stage, model_group, version, config, tested FROM endpoints {where}",
        r => new EndpointRow(r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt32(3), (JsonObject)JsonNode.Parse(r.GetString(4))!, r.GetInt64(5) == 1),
        parameters);
}

/// <param name="Config">Variants and environment: a change of it is a new deployment.</param>
/// <param name="Tested">This version, with this configuration, passed the stage's tests.</param>
public sealed record EndpointRow(string Name, string Stage, string Group, int Version, JsonObject Config, bool Tested);
