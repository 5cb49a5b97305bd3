using System.Diagnostics;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Tests;

/// <summary>Namespaces that one program after another enters: each finds its own folder at /opt/ml, and nothing stays.</summary>
public sealed class MountPoolTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void Programs_at_once_and_one_after_another_find_their_own_folders()
    {
        using var pool = NewPool();

        var (first, second) = (Take(pool, "a"), Take(pool, "b"));
        Assert.Equal(("a", "b"), (Read(first), Read(second)));
        first.Return();

        var third = Take(pool, "c");
        Assert.Equal(("c", "b"), (Read(third), Read(second)));
        Assert.Same(first, third);
    }

    [SkippableFact]
    public void A_program_is_where_it_was_to_be()
    {
        using var pool = NewPool();
        var place = Take(pool, "a");

        var command = place.Enter(["pwd"], folder.File("a"));

        Assert.Equal(folder.File("a"), Output(command));
    }

    [SkippableFact]
    public void A_place_whose_keeper_was_ended_is_replaced()
    {
        using var pool = NewPool();
        var first = Take(pool, "a");
        first.End();
        first.Return();

        Assert.Equal("b", Read(Take(pool, "b")));
    }

    [SkippableFact]
    public void Whoever_is_left_behind_keeps_its_own_folder()
    {
        using var pool = NewPool();
        var first = Take(pool, "a");
        var command = first.Enter(["sh", "-c", "echo in; read -r go; cat /opt/ml/name"], folder.Path);
        using var left = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("in", left.StandardOutput.ReadLine());
        first.Return();

        var second = Take(pool, "b");
        left.StandardInput.WriteLine();

        Assert.Equal(("a", "b"), (left.StandardOutput.ReadToEnd(), Read(second)));
    }

    [SkippableFact]
    public void What_a_program_mounts_is_not_the_next_ones()
    {
        using var pool = NewPool();
        folder.Write("mounted/file", "");
        var first = Take(pool, "a");
        Assert.Equal("", Output(first.Enter(["mount", "-t", "tmpfs", "tmpfs", folder.File("mounted")], folder.Path)));
        first.Return();

        var second = Take(pool, "b");

        Assert.Equal("file", Output(second.Enter(["ls", folder.File("mounted")], folder.Path)));
    }

    [SkippableFact]
    public void Nothing_stays_of_a_pool()
    {
        var pool = NewPool();
        var command = Take(pool, "a").Enter(["true"], folder.Path);

        pool.Dispose();

        Assert.False(Directory.Exists(folder.File(".mounts")));
        Assert.False(ShortProgram.Run(command[0], [.. command.Skip(1)], TimeSpan.FromSeconds(10)) is (0, _, _));
    }

    private MountPool NewPool()
    {
        Skip.IfNot(MountedPaths.Possible && MountedPaths.CanOverlay(folder.Path) && Programs.Find("nsenter") is not null, "This system mounts nothing for users, or has an /opt/ml.");
        return new MountPool(folder.Path, "execution");
    }

    private MountPlace Take(MountPool pool, string name)
    {
        folder.Write($"{name}/name", name);
        return pool.Take(folder.File(name))!;
    }

    private string Read(MountPlace place) => Output(place.Enter(["cat", "/opt/ml/name"], folder.Path));

    private static string Output(IReadOnlyList<string> command) => ShortProgram.Run(command[0], [.. command.Skip(1)], TimeSpan.FromSeconds(10)) is (0, var output, _) ? output.Trim() : throw new InvalidOperationException(string.Join(' ', command));
}
