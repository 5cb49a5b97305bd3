using Microsoft.Data.Sqlite;

namespace Mlops.Platform.Local.Registry;

/// <summary>The registry's tables. A change is a further entry in <see cref="Migrations"/>, never an edit of one.</summary>
internal static class RegistrySchema
{
    public static int Version => Migrations.Length;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE pipelines (
            name TEXT PRIMARY KEY,
            definition TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            updated_at TEXT NOT NULL
        ) STRICT;

        -- What is known of the content below an S3 URI. The stamp (size and time of a single file outside our control) tells whether it still holds.
        CREATE TABLE objects (
            uri TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL,
            stamp TEXT
        ) STRICT;

        CREATE TABLE executions (
            id TEXT PRIMARY KEY,
            pipeline TEXT NOT NULL REFERENCES pipelines(name),
            fingerprint TEXT NOT NULL,
            parameters TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('Executing', 'Succeeded', 'Failed', 'Stopped')),
            started_at TEXT NOT NULL,
            ended_at TEXT,
            failure_reason TEXT,
            failed_step TEXT,
            model_group TEXT,
            model_version INTEGER
        ) STRICT;
        CREATE INDEX executions_by_fingerprint ON executions(fingerprint, status);

        CREATE TABLE steps (
            execution_id TEXT NOT NULL REFERENCES executions(id),
            name TEXT NOT NULL,
            type TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('Executing', 'Succeeded', 'Failed', 'Stopped')),
            started_at TEXT NOT NULL,
            ended_at TEXT,
            cache_key TEXT,
            cached_from TEXT,
            properties TEXT,
            log TEXT,
            failure_reason TEXT,
            process TEXT,
            PRIMARY KEY (execution_id, name)
        ) STRICT;
        CREATE INDEX steps_by_cache_key ON steps(cache_key) WHERE status = 'Succeeded';

        CREATE TABLE metrics (
            execution_id TEXT NOT NULL REFERENCES executions(id),
            step TEXT NOT NULL,
            name TEXT NOT NULL,
            value REAL NOT NULL,
            PRIMARY KEY (execution_id, step, name)
        ) STRICT;

        CREATE TABLE model_versions (
            model_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('PendingManualApproval', 'Approved', 'Rejected')),
            model_data_url TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            request TEXT NOT NULL,
            metrics TEXT NOT NULL,
            execution_id TEXT NOT NULL REFERENCES executions(id),
            created_at TEXT NOT NULL,
            PRIMARY KEY (model_group, version),
            UNIQUE (model_group, fingerprint)
        ) STRICT;

        -- Every attempt is kept; one that came too late has accepted = 0.
        CREATE TABLE decisions (
            id INTEGER PRIMARY KEY,
            model_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            stage TEXT NOT NULL,
            decision TEXT NOT NULL CHECK (decision IN ('Approved', 'Rejected')),
            who TEXT NOT NULL,
            decided_at TEXT NOT NULL,
            reason TEXT,
            accepted INTEGER NOT NULL,
            FOREIGN KEY (model_group, version) REFERENCES model_versions(model_group, version)
        ) STRICT;

        -- What was made of what: data and code (by hash) to steps to models to endpoints.
        CREATE TABLE lineage (
            child TEXT NOT NULL,
            parent TEXT NOT NULL,
            relation TEXT NOT NULL,
            PRIMARY KEY (child, parent, relation)
        ) STRICT;

        -- Which version passed which tests (by their hash) at which endpoint.
        CREATE TABLE passed_tests (
            endpoint TEXT NOT NULL,
            model_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            tests TEXT NOT NULL,
            passed_at TEXT NOT NULL,
            PRIMARY KEY (endpoint, model_group, version, tests),
            FOREIGN KEY (model_group, version) REFERENCES model_versions(model_group, version)
        ) STRICT;

        CREATE TABLE endpoints (
            name TEXT PRIMARY KEY,
            stage TEXT NOT NULL,
            model_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            config TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            FOREIGN KEY (model_group, version) REFERENCES model_versions(model_group, version)
        ) STRICT;
        """,
        """
        -- What the cache key is the hash of: it tells why a step ran again, and how two runs differ.
        ALTER TABLE steps ADD COLUMN content TEXT;
        CREATE INDEX steps_by_name ON steps(name, ended_at);
        """,
        """
        -- What each trigger saw last (a time, or the hash of the data), and since when it waits for its action.
        CREATE TABLE triggers (
            name TEXT PRIMARY KEY,
            action TEXT NOT NULL,
            seen TEXT NOT NULL,
            pending_since TEXT
        ) STRICT;

        CREATE TABLE actions (
            name TEXT PRIMARY KEY,
            started_at TEXT NOT NULL,
            running INTEGER NOT NULL
        ) STRICT;
        """,
        """
        -- Steps that were taken from the cache are no source of it: the newest that ran is found at once, however often it was taken.
        DROP INDEX steps_by_cache_key;
        CREATE INDEX steps_by_cache_key ON steps(cache_key, ended_at) WHERE status = 'Succeeded' AND cached_from IS NULL;
        """,
        """
        -- A version that was brought has no execution. A column's NOT NULL goes with its table alone ("ALTER TABLE" of SQLite's documentation, 7).
        CREATE TABLE new_model_versions (
            model_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('PendingManualApproval', 'Approved', 'Rejected')),
            model_data_url TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            request TEXT NOT NULL,
            metrics TEXT NOT NULL,
            execution_id TEXT REFERENCES executions(id),
            created_at TEXT NOT NULL,
            PRIMARY KEY (model_group, version),
            UNIQUE (model_group, fingerprint)
        ) STRICT;
        INSERT INTO new_model_versions SELECT model_group, version, fingerprint, status, model_data_url, sha256, request, metrics, execution_id, created_at FROM model_versions;
        DROP TABLE model_versions;
        ALTER TABLE new_model_versions RENAME TO model_versions;
        """,
    ];

    public static long VersionOf(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Brings a registry to <see cref="Version"/>, in one transaction.</summary>
    /// <param name="target">An earlier version; null: the newest.</param>
    public static void Apply(SqliteConnection connection, int? target = null)
    {
        // While a table is made anew, others refer to none. Within a transaction this has no effect.
        Execute(connection, "PRAGMA foreign_keys = OFF");
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            var version = (int)VersionOf(connection);
            foreach (var migration in Migrations.Take(target ?? Version).Skip(version))
                Execute(connection, migration);
            Execute(connection, $"PRAGMA user_version = {target ?? Version}");
            transaction.Commit();
        }

        Execute(connection, "PRAGMA foreign_keys = ON");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
