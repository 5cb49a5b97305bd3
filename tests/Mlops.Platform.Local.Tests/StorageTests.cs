using System.Formats.Tar;
using System.Text;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Tests;

public sealed class StorageTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    [Theory]
    [InlineData("../outside.txt", TarEntryType.RegularFile)]
    [InlineData("a/../../outside.txt", TarEntryType.RegularFile)]
    [InlineData("/tmp/outside.txt", TarEntryType.RegularFile)]
    [InlineData("link", TarEntryType.SymbolicLink)]
    [InlineData("link", TarEntryType.HardLink)]
    [InlineData("pipe", TarEntryType.Fifo)]
    [InlineData("device", TarEntryType.CharacterDevice)]
    public void An_archive_with_more_than_files_and_folders_of_its_own_is_refused(string name, TarEntryType type)
    {
        var archive = folder.File("a.tar");
        using (var tar = new TarWriter(File.Create(archive), TarEntryFormat.Pax))
        {
            var entry = new PaxTarEntry(type, name);
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                entry.LinkName = "/etc/passwd";
            if (type is TarEntryType.RegularFile)
                entry.DataStream = new MemoryStream("x"u8.ToArray());
            tar.WriteEntry(entry);
        }

        var problem = Assert.Throws<PlatformException>(() => Archives.Unpack(archive, folder.File("target"))).Problem;

        Assert.Equal("MLOPS6015", problem.Code);
        Assert.False(File.Exists(folder.File("outside.txt")));
    }

    [Fact]
    public void A_lock_is_held_by_one_and_another_failure_is_no_holder()
    {
        using (var held = DeployLock.TryOpen(folder.File("lock")))
        {
            Assert.NotNull(held);
            Assert.Null(DeployLock.TryOpen(folder.File("lock")));
        }

        DeployLock.TryOpen(folder.File("lock"))!.Dispose();
        Assert.ThrowsAny<IOException>(() => DeployLock.TryOpen(folder.File("nowhere/lock")));
    }

    [Fact]
    public async Task What_follows_half_a_line_begins_a_line_of_its_own()
    {
        folder.Write("log", "one\nhal");

        await SharedLog.AppendAsync(folder.File("log"), "two\n", default);
        await SharedLog.AppendAsync(folder.File("log"), "three\n", default);

        Assert.Equal("one\nhal\ntwo\nthree\n", File.ReadAllText(folder.File("log")));
    }

    [SkippableFact]
    public void A_data_set_that_is_a_link_changes_with_what_it_leads_to()
    {
        Skip.If(OperatingSystem.IsWindows(), "links need a privilege there");
        folder.Write("data/of-today.csv", "1\n");
        File.CreateSymbolicLink(folder.File("numbers.csv"), folder.File("data/of-today.csv"));
        var before = ContentHash.Stamp(folder.File("numbers.csv"));

        folder.Write("data/of-today.csv", "1\n2\n");

        Assert.NotEqual(before, ContentHash.Stamp(folder.File("numbers.csv")));
    }

    /// <summary>Nothing is unpacked of an archive that says it holds more than a disk does.</summary>
    [Fact]
    public void An_archive_that_is_too_large_is_refused_by_its_header()
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes("weights").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\0").CopyTo(header, 100);
        // 65 GiB in base 256, as GNU tar writes sizes beyond eight digits.
        header[124] = 0x80;
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), 65L << 30);
        header[156] = (byte)'0';
        Encoding.ASCII.GetBytes("ustar  \0").CopyTo(header, 257);
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        File.WriteAllBytes(folder.File("a.tar"), header);

        var problem = Assert.Throws<PlatformException>(() => Archives.Unpack(folder.File("a.tar"), folder.File("target"))).Problem;

        Assert.Equal("MLOPS6015", problem.Code);
        Assert.Contains("too large", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_path_is_packed_and_the_archive_is_the_same_each_time()
    {
        using var folder = TestFolder.Temporary();
        var name = $"{string.Join('/', Enumerable.Repeat(new string('d', 60), 4))}/{new string('f', 120)}.bin";
        folder.Write($"model/{name}", "weights");
        folder.Write("model/short.txt", "short");
        folder.Write($"model/{new string('a', 100)}/{new string('b', 59)}/{new string('c', 19)}", "in between");

        Archives.Pack(folder.File("model"), folder.File("one.tar.gz"));
        Archives.Pack(folder.File("model"), folder.File("two.tar.gz"));
        Archives.Unpack(folder.File("one.tar.gz"), folder.File("target"));

        Assert.Equal("weights", File.ReadAllText(folder.File($"target/{name}")));
        Assert.Equal(File.ReadAllBytes(folder.File("one.tar.gz")), File.ReadAllBytes(folder.File("two.tar.gz")));
        Assert.Empty(Directory.GetFiles(folder.Path, "*.tmp"));
    }

    [Fact]
    public void An_archive_is_known_by_what_it_is_and_not_by_its_name()
    {
        folder.Write("model/a.txt", "a");
        Archives.Pack(folder.File("model"), folder.File("model.tgz"));

        Archives.Unpack(folder.File("model.tgz"), folder.File("target"));

        Assert.Equal("a", File.ReadAllText(folder.File("target/a.txt")));
    }

    [Fact]
    public void A_source_goes_beside_what_others_put_below_its_prefix_and_takes_its_own_back()
    {
        var root = new LocalRoot(folder.File(".mlops"));
        using var registry = LocalRegistry.Open(root);
        var objects = new LocalObjectStore(root, registry);
        folder.Write(".mlops/s3/theirs/models/1/model.tar.gz", "of a run");
        folder.Write("given/data/a.csv", "1");
        folder.Write("given/data/b.csv", "2");
        objects.PutSource("s3://theirs", folder.File("given"));
        File.Delete(folder.File("given/data/b.csv"));
        folder.Write("given/data/a.csv", "3");

        objects.PutSource("s3://theirs", folder.File("given"));

        Assert.Equal("of a run", File.ReadAllText(folder.File(".mlops/s3/theirs/models/1/model.tar.gz")));
        Assert.Equal("3", File.ReadAllText(folder.File(".mlops/s3/theirs/data/a.csv")));
        Assert.False(File.Exists(folder.File(".mlops/s3/theirs/data/b.csv")));
    }

    [Fact]
    public void A_truncated_archive_is_refused()
    {
        folder.Write("model/a.txt", new string('x', 100_000));
        Archives.Pack(folder.File("model"), folder.File("model.tar.gz"));
        var bytes = File.ReadAllBytes(folder.File("model.tar.gz"));
        File.WriteAllBytes(folder.File("cut.tar.gz"), bytes[..(bytes.Length / 2)]);

        Assert.Equal("MLOPS6015", Assert.Throws<PlatformException>(() => Archives.Unpack(folder.File("cut.tar.gz"), folder.File("target"))).Problem.Code);
    }

    [Fact]
    public async Task What_was_put_under_its_hash_is_put_back_where_it_was_changed()
    {
        folder.Write("data/a.csv", "1\n");
        var root = new LocalRoot(folder.File(".mlops"));
        using var registry = LocalRegistry.Open(root);
        var objects = new LocalObjectStore(root, registry);
        var (uri, _, _) = await objects.PutDataAsync("a", folder.File("data/a.csv"), "data/a", default);
        var stored = Path.Combine(objects.PathOf(uri), "a.csv");
        File.WriteAllText(stored, "2\n");
        _ = objects.HashOf(uri); // A run that looked at it meanwhile knows the changed content.

        Assert.True((await objects.LocateDataAsync("a", folder.File("data/a.csv"), "data/a", default)).Stored);
        Assert.True((await objects.PutDataAsync("a", folder.File("data/a.csv"), "data/a", default)).Stored);

        Assert.Equal("1\n", File.ReadAllText(stored));
        Assert.False((await objects.PutDataAsync("a", folder.File("data/a.csv"), "data/a", default)).Stored);
    }

    [Fact]
    public void Equal_folders_are_equal_archives()
    {
        folder.Write("one/b.txt", "b");
        folder.Write("one/a/c.txt", "c");
        folder.Write("two/a/c.txt", "c");
        folder.Write("two/b.txt", "b");
        File.SetLastWriteTimeUtc(folder.File("two/b.txt"), DateTime.UtcNow.AddYears(-1));

        Archives.Pack(folder.File("one"), folder.File("one.tar.gz"));
        Archives.Pack(folder.File("two"), folder.File("two.tar.gz"));

        Assert.Equal(File.ReadAllBytes(folder.File("one.tar.gz")), File.ReadAllBytes(folder.File("two.tar.gz")));
    }

    [Theory]
    [InlineData("s3://local/../../etc/passwd")]
    [InlineData("s3://..")]
    [InlineData("s3://")]
    [InlineData("file:///etc/passwd")]
    [InlineData("s3:///x")]
    public void URIs_that_are_none_or_lead_out_are_refused(string uri)
    {
        var root = new LocalRoot(folder.Path);
        using var registry = Registry.LocalRegistry.Open(root);

        Assert.Equal("MLOPS6005", Assert.Throws<PlatformException>(() => new LocalObjectStore(root, registry).PathOf(uri)).Problem.Code);
    }

    [Fact]
    public async Task Data_lies_under_its_content_and_is_stored_once()
    {
        var root = new LocalRoot(folder.File("root"));
        using var registry = Registry.LocalRegistry.Open(root);
        var store = new LocalObjectStore(root, registry);
        var data = folder.Write("data.csv", "a,b\n");

        var first = await store.PutDataAsync("d", data, "m/data/d", default);
        var second = await store.PutDataAsync("d", data, "m/data/d", default);
        File.WriteAllText(data, "a,b,c\n");
        var third = await store.PutDataAsync("d", data, "m/data/d", default);

        Assert.True(first.Stored);
        Assert.False(second.Stored);
        Assert.Equal(first.S3Uri, second.S3Uri);
        Assert.NotEqual(first.S3Uri, third.S3Uri);
        Assert.Equal("a,b\n", File.ReadAllText(Path.Combine(store.PathOf(first.S3Uri), "data.csv"), Encoding.UTF8));
    }

    [SkippableFact]
    public async Task A_data_set_with_a_link_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right on Windows.");
        var root = new LocalRoot(folder.File("root"));
        using var registry = Registry.LocalRegistry.Open(root);
        folder.Write("data/a.csv", "1");
        File.CreateSymbolicLink(folder.File("data/b.csv"), "/etc/hostname");

        var problem = (await Assert.ThrowsAsync<PlatformException>(() => new LocalObjectStore(root, registry).PutDataAsync("d", folder.File("data"), "m", default))).Problem;

        Assert.Equal("MLOPS6017", problem.Code);
    }

    [Fact]
    public async Task A_lock_is_waited_for_and_its_owner_named()
    {
        var events = new List<Events.PlatformEvent>();
        var sink = new Sink(events);
        await using var held = await DeployLock.TakeAsync(folder.File("lock"), "deploy", TimeSpan.FromSeconds(1), sink, default);

        var problem = (await Assert.ThrowsAsync<PlatformException>(() => DeployLock.TakeAsync(folder.File("lock"), "run", TimeSpan.FromSeconds(2), sink, default))).Problem;

        Assert.Equal("MLOPS6006", problem.Code);
        Assert.Contains($"process {Environment.ProcessId}", problem.Message, StringComparison.Ordinal);
        Assert.Contains(events, e => e is Events.Notice { Text: var text } && text.Contains("Waiting for process", StringComparison.Ordinal));
    }

    public void Dispose() => folder.Dispose();

    private sealed class Sink(List<Events.PlatformEvent> events) : Events.IEventSink
    {
        public void Add(Events.PlatformEvent e) => events.Add(e);
    }
}
