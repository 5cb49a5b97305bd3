using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Local.Tests;

public sealed class RegistryTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    private string File => folder.File("registry.db");

    [Fact]
    public async Task Ten_users_at_once_make_one_registry_and_versions_without_gap_or_double()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() =>
        {
            using var registry = Open();
            registry.PutPipeline("p", "{\"Steps\":[]}", "hash");
            registry.Executions.Start($"e{i}", "p", "f", []);
            return Enumerable.Range(0, 5).Select(j => Register(registry, $"e{i}", $"content {i} {j}").Version).ToList();
        })));

        Assert.Equal(Enumerable.Range(1, 50), versions.SelectMany(v => v).Order());
    }

    [Fact]
    public void Equal_content_is_the_version_that_is_there()
    {
        using var registry = Open();
        registry.PutPipeline("p", "{\"Steps\":[]}", "hash");
        registry.Executions.Start("e", "p", "f", []);

        Assert.Equal((1, true), Pair(Register(registry, "e", "a")));
        Assert.Equal((2, true), Pair(Register(registry, "e", "b")));
        Assert.Equal((1, false), Pair(Register(registry, "e", "a")));

        static (int, bool) Pair((int Version, string, bool IsNew) r) => (r.Version, r.IsNew);
    }

    [Fact]
    public void A_registry_of_an_earlier_version_keeps_what_it_has()
    {
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            RegistrySchema.Apply(connection, 4);
            using var command = connection.CreateCommand();
            command.CommandText = """
                INSERT INTO pipelines VALUES ('p', '{"Steps":[]}', 'hash', '2026-01-01');
                INSERT INTO executions (id, pipeline, fingerprint, parameters, status, started_at) VALUES ('e', 'p', 'f', '{}', 'Succeeded', '2026-01-01');
                INSERT INTO model_versions VALUES ('g', 1, 'a', 'Approved', 's3://b/m', 'sha', '{}', '{}', 'e', '2026-01-01T00:00:00.0000000Z');
                INSERT INTO decisions (model_group, version, stage, decision, who, decided_at, accepted) VALUES ('g', 1, 'production', 'Approved', 'ann', '2026-01-01T00:00:00.0000000Z', 1);
                """;
            command.ExecuteNonQuery();
        }

        using var registry = Open();

        Assert.Equal(("e", "Approved"), (registry.Models.Find("g", 1)!.ExecutionId, registry.Models.Find("g", 1)!.Status));
        Assert.Equal("ann", registry.Models.Decision("g", 1, "production")!.Who);
        Assert.Equal((2, ""), (Register(registry, "", "b").Version, registry.Models.Find("g", 2)!.ExecutionId));
        Assert.ThrowsAny<Exception>(() => Register(registry, "no such execution", "c"));
    }

    [Fact]
    public void Of_two_decisions_on_one_version_one_wins_and_both_are_in_the_history()
    {
        using var registry = Open();
        registry.PutPipeline("p", "{\"Steps\":[]}", "hash");
        registry.Executions.Start("e", "p", "f", []);
        Register(registry, "e", "a");
        var seen = registry.Models.Decision("g", 1, "production");

        Assert.Null(registry.Models.Decide("g", Decision("Approved", "ann"), seen, final: true));
        Assert.Equal("ann", registry.Models.Decide("g", Decision("Rejected", "ben"), seen, final: true)!.Who);

        Assert.Equal("Approved", registry.Models.Find("g", 1)!.Status);
        Assert.Equal(["ann", "ben"], registry.Models.Decisions("g", 1).Select(d => d.Who));

        static ApprovalDecision Decision(string what, string who) => new(1, "production", what, who, DateTimeOffset.UtcNow, null);
    }

    [Fact]
    public void A_result_that_a_wrong_clock_dated_into_the_future_is_not_taken_from_the_cache()
    {
        using var registry = Open();
        registry.PutPipeline("p", "{\"Steps\":[]}", "hash");
        registry.Executions.Start("e", "p", "f", []);
        registry.Executions.EndStep("e", new StepStart("s", "Processing", DateTimeOffset.UtcNow, "key", "{}", null), "Succeeded", [], null, null, new Dictionary<string, double>(), []);
        Assert.NotNull(registry.Executions.FindCached("key", null));

        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using var later = connection.CreateCommand();
            later.CommandText = "UPDATE steps SET ended_at = '2999-01-01T00:00:00.0000000Z'";
            later.ExecuteNonQuery();
        }

        Assert.Null(registry.Executions.FindCached("key", null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no database, and long enough to be looked at as one of at least a hundred bytes, which a header has")]
    public void A_damaged_registry_is_refused_by_name_and_not_touched(string content)
    {
        System.IO.File.WriteAllText(File, content);

        var problem = Assert.Throws<PlatformException>(() => { using var r = Open(); r.Check(); }).Problem;

        Assert.Equal("MLOPS8101", problem.Code);
        Assert.Contains(File, problem.Message, StringComparison.Ordinal);
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void A_registry_that_was_moved_away_takes_nothing_from_the_log_that_it_left()
    {
        using (var registry = Open())
        {
            registry.PutPipeline("old", "{\"Steps\":[]}", "hash");
            System.IO.File.Copy(File + "-wal", folder.File("log")); // As a server that is killed leaves it.
            System.IO.File.Copy(File + "-shm", folder.File("index"));
        }

        System.IO.File.Delete(File);
        System.IO.File.Move(folder.File("log"), File + "-wal");
        System.IO.File.Move(folder.File("index"), File + "-shm");

        using var fresh = Open();
        fresh.Check();

        Assert.Null(fresh.FindPipeline("old"));
        Assert.NotEmpty(System.IO.Directory.GetFiles(System.IO.Path.GetDirectoryName(File)!, "registry.db-wal.*.bak"));
    }

    [Fact]
    public void Flipped_bytes_are_found_before_anything_is_written()
    {
        using (var registry = Open())
        {
            registry.PutPipeline("p", "{\"Steps\":[]}", "hash");
            for (var i = 0; i < 300; i++)
                registry.Executions.Start($"execution {i} {new string('x', 200)}", "p", "f", []);
        }

        var bytes = System.IO.File.ReadAllBytes(File);
        for (var i = 4096; i < bytes.Length; i += 61)
            bytes[i] ^= 0x5A;
        System.IO.File.WriteAllBytes(File, bytes);

        Assert.Equal("MLOPS8101", Assert.Throws<PlatformException>(() => { using var r = Open(); r.Check(); }).Problem.Code);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void A_newer_registry_is_refused_and_not_touched()
    {
        Open().Dispose();
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        var before = System.IO.File.ReadAllBytes(File);

        Assert.Equal("MLOPS8102", Assert.Throws<PlatformException>(() => Open().Dispose()).Problem.Code);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void A_definition_that_is_there_is_not_written_again()
    {
        using var registry = Open();

        Assert.True(registry.PutPipeline("p", "{\"Steps\":[]}", "1"));
        Assert.False(registry.PutPipeline("p", "{\"Steps\":[]}", "1"));
        Assert.True(registry.PutPipeline("p", "{\"Steps\":[]}", "2"));
    }

    public void Dispose() => folder.Dispose();

    private LocalRegistry Open() => LocalRegistry.Open(new LocalRoot(folder.Path));

    private static (int Version, string Status, bool IsNew) Register(LocalRegistry registry, string execution, string content) =>
        registry.Models.Register("g", content, "s3://local/model.tar.gz", "sha", new JsonObject(), new Dictionary<string, double>(), execution, ["execution:" + execution]);
}
