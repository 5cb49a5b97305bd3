using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mlops.Platform.Local.Registry;

/// <summary>
/// The registry's file: SQLite with a write-ahead log and full synchronisation, every write in an immediate transaction.
/// It is created under another name and then moved, so that a file that is there is a whole one: an empty one is damage.
/// </summary>
public sealed class RegistryDatabase : IDisposable
{
    private const int BusySeconds = 30;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> commands = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly string path;
    private SqliteTransaction? transaction;

    private RegistryDatabase(string path, SqliteConnection connection)
    {
        this.path = path;
        this.connection = connection;
    }

    public static RegistryDatabase Open(string path)
    {
        if (!File.Exists(path))
            Create(path);
        else
            RemoveUnfinished(path);
        if (new FileInfo(path).Length == 0)
            throw LocalErrors.RegistryDamaged(path, "it is empty").ToException();
        return Guarded(path, () =>
        {
            var connection = Connect(path);
            try
            {
                Migrate(path, connection);
                return new RegistryDatabase(path, connection);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        });
    }

    /// <summary>Reads rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> row, params (string Name, object? Value)[] parameters) => Locked(() =>
    {
        var command = Command(sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(row(reader));
        return rows;
    });

    /// <summary>Runs one statement in a transaction of its own. Returns the number of rows that it changed.</summary>
    public int Execute(string sql, params (string Name, object? Value)[] parameters) => Locked(() =>
    {
        var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    });

    /// <summary>Runs several statements as one: all of them, or none.</summary>
    public T Transaction<T>(Func<T> work) => Transaction(isForced: true, work);

    /// <param name="isForced">On the disk before this returns; else with the next transaction that is.</param>
    public T Transaction<T>(bool isForced, Func<T> work) => Locked(() =>
    {
        if (!isForced)
            Execute("PRAGMA synchronous = NORMAL");
        try
        {
            using (transaction = connection.BeginTransaction(deferred: false))
            {
                var result = work();
                transaction.Commit();
                return result;
            }
        }
        finally
        {
            transaction = null;
            if (!isForced)
                Execute("PRAGMA synchronous = FULL");
        }
    });

    /// <summary>Looks for damage; a healthy registry of a thousand runs takes some milliseconds.</summary>
    public void Check()
    {
        var found = Query("PRAGMA quick_check", r => r.GetString(0));
        if (found is not ["ok"])
            throw LocalErrors.RegistryDamaged(path, found[0]).ToException();
    }

    public void Dispose()
    {
        foreach (var command in commands.Values)
            command.Dispose();
        connection.Dispose();
    }

    private T Locked<T>(Func<T> work)
    {
        lock (gate)
            return Guarded(path, work);
    }

    /// <summary>Of each text one command, which SQLite prepares once.</summary>
    private SqliteCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            commands.Add(sql, command);
        }

        command.Transaction = transaction;
        command.Parameters.Clear();
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = BusySeconds,
            ForeignKeys = true,
        }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA busy_timeout = {BusySeconds * 1000}; PRAGMA synchronous = FULL;";
        command.ExecuteNonQuery();
        return connection;
    }

    private static void Create(string path)
    {
        // One at a time: moving a file to a name that is free looks first and then moves, and a second one that looked as well would
        // replace a registry that is in use.
        using var creating = Creating(path + ".lock");
        if (File.Exists(path))
            return;
        // A name of its own for each attempt: several may be under way, also within a process.
        var fresh = $"{path}.{Guid.NewGuid():N}.new";
        File.WriteAllBytes(fresh, []);
        try
        {
            Guarded(path, () =>
            {
                using var connection = Connect(fresh);
                RegistrySchema.Apply(connection);
                // The mode is kept in the file; set while nobody else can see it, since the switch waits for no one.
                using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA journal_mode = WAL";
                command.ExecuteNonQuery();
                return true;
            });
            PutAsideLogs(path);
            File.Move(fresh, path, overwrite: false);
        }
        finally
        {
            foreach (var left in new[] { fresh, fresh + "-wal", fresh + "-shm" })
                File.Delete(left);
        }
    }

    /// <summary>SQLite's log of a registry that is no longer there: it would be replayed into the new one. It may hold what its own has not got yet.</summary>
    private static void PutAsideLogs(string path)
    {
        foreach (var log in new[] { path + "-wal", path + "-shm" }.Where(File.Exists))
            File.Move(log, string.Create(CultureInfo.InvariantCulture, $"{log}.{File.GetLastWriteTimeUtc(log):yyyyMMddHHmmss}.bak"), overwrite: true);
    }

    private static FileStream Creating(string file)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (DeployLock.TryOpen(file) is { } held)
                return held;
            if (waited.Elapsed.TotalSeconds > BusySeconds)
                throw LocalErrors.RegistryBusy(file).ToException();
            Thread.Sleep(10);
        }
    }

    /// <summary>What a process that was killed while it made a registry left: nobody's, once there is one.</summary>
    private static void RemoveUnfinished(string path)
    {
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*.new*").Where(f => File.GetLastWriteTimeUtc(f) < DateTime.UtcNow.AddMinutes(-10)))
            File.Delete(left);
    }

    private static void Migrate(string path, SqliteConnection connection)
    {
        var version = RegistrySchema.VersionOf(connection);
        if (version > RegistrySchema.Version)
            throw LocalErrors.RegistryNewer(path, version, RegistrySchema.Version).ToException();
        if (version == RegistrySchema.Version)
            return;
        if (version == 0)
            throw LocalErrors.RegistryDamaged(path, "it is not a registry").ToException();
        // One at a time: nothing is migrated while another process copies it.
        using var migrating = Creating(path + ".lock");
        if (RegistrySchema.VersionOf(connection) != version)
            return; // By another one, meanwhile.
        BackUp(connection, $"{path}.v{version}.bak");
        RegistrySchema.Apply(connection);
    }

    /// <summary>Whole, or not there: a process that is killed leaves none that only looks like one.</summary>
    private static void BackUp(SqliteConnection connection, string backup)
    {
        if (File.Exists(backup))
            return;
        AtomicFile.Write(backup, fresh =>
        {
            using var copy = new SqliteConnection($"Data Source={fresh};Pooling=False");
            copy.Open();
            connection.BackupDatabase(copy);
        });
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw (e.SqliteErrorCode switch
            {
                5 or 6 => LocalErrors.RegistryBusy(path), // SQLITE_BUSY, SQLITE_LOCKED
                11 or 26 => LocalErrors.RegistryDamaged(path, e.Message), // SQLITE_CORRUPT, SQLITE_NOTADB
                _ => LocalErrors.DiskError($"registry '{path}': {e.Message}"),
            }).ToException();
        }
    }
}
