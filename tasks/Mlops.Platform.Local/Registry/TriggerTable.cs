namespace Mlops.Platform.Local.Registry;

/// <summary>What each trigger has seen, and which wait for their action: written together, so that none is lost or told twice.</summary>
public sealed class TriggerTable(RegistryDatabase database)
{
    /// <summary>What a trigger saw last, or null.</summary>
    public string? Seen(string trigger) => database.Query("SELECT seen FROM triggers WHERE name = $name", r => r.GetString(0), ("$name", trigger)).FirstOrDefault();

    /// <summary>Records what a trigger saw; with a time, it waits for its action from then on.</summary>
    public void See(string trigger, string action, string seen, DateTimeOffset? pendingSince) => database.Execute(
        """
        INSERT INTO triggers (name, action, seen, pending_since) VALUES ($name, $action, $seen, $since)
        ON CONFLICT (name) DO UPDATE SET action = $action, seen = $seen, pending_since = coalesce($since, pending_since)
        """,
        ("$name", trigger), ("$action", action), ("$seen", seen), ("$since", pendingSince is { } since ? Times.Text(since) : null));

    /// <summary>The triggers that wait for an action.</summary>
    public IReadOnlyList<string> Pending(string action) => database.Query("SELECT name FROM triggers WHERE action = $action AND pending_since IS NOT NULL ORDER BY name", r => r.GetString(0), ("$action", action));

    /// <summary>When an action began last, and whether it was never brought to its end; null: it never began.</summary>
    public (DateTimeOffset Started, bool IsRunning)? Action(string name) => database.Query(
        "SELECT started_at, running FROM actions WHERE name = $name", r => ((DateTimeOffset, bool)?)(Times.Parse(r.GetString(0)), r.GetInt32(1) != 0), ("$name", name)).FirstOrDefault();

    /// <summary>Notes that an action begins. What waits from a time that lies ahead, of a clock that was wrong, waits from now on: else it would never be done.</summary>
    public void Begin(string action, DateTimeOffset now) => database.Transaction(() =>
    {
        database.Execute("UPDATE triggers SET pending_since = $now WHERE action = $name AND pending_since > $now", ("$name", action), ("$now", Times.Text(now)));
        return database.Execute("INSERT INTO actions (name, started_at, running) VALUES ($name, $now, 1) ON CONFLICT (name) DO UPDATE SET started_at = $now, running = 1", ("$name", action), ("$now", Times.Text(now)));
    });

    /// <summary>The action is done for all that waited when it began.</summary>
    public void End(string action) => database.Transaction(() =>
    {
        database.Execute(
            "UPDATE triggers SET pending_since = NULL WHERE action = $name AND pending_since <= (SELECT started_at FROM actions WHERE name = $name)", ("$name", action));
        return database.Execute("UPDATE actions SET running = 0 WHERE name = $name", ("$name", action));
    });
}
