using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Mlops.Platform.Local.Processes;

/// <summary>
/// Mount namespaces of one execution, each kept by a program that waits: a step that enters one (setns(2)) starts three programs fewer than one that makes its own.
/// /opt/ml is a link there, and leads to the folder of the program that has the place.
/// </summary>
/// <param name="folder">Of the execution.</param>
internal sealed class MountPool(string folder, string execution) : IDisposable
{
    /// <summary>It ends when its input does, with this process at the latest.</summary>
    private const string Keeper = """mount -t overlay overlay -o "lowerdir=$1:/opt" /opt && echo && read -r end""";

    private readonly ConcurrentBag<MountPlace> free = [];
    private readonly ConcurrentBag<MountPlace> all = [];
    private readonly string folder = Path.Combine(folder, ".mounts");
    private int made;
    private bool impossible;

    /// <summary>A place whose /opt/ml is the folder until it is given back; null: there can be none, and each program mounts for itself.</summary>
    public MountPlace? Take(string baseFolder)
    {
        while (free.TryTake(out var place))
        {
            if (place.TryGive(baseFolder))
                return place;
        }

        return !impossible && MountedPaths.CanOverlay(folder) && Make() is { } fresh && fresh.TryGive(baseFolder) ? fresh : null;
    }

    public void Return(MountPlace place) => free.Add(place);

    public void Dispose()
    {
        foreach (var place in all)
            place.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private MountPlace? Make()
    {
        var own = Path.Combine(folder, Interlocked.Increment(ref made).ToString(CultureInfo.InvariantCulture));
        var overlay = Directory.CreateDirectory(Path.Combine(own, "overlay")).FullName;
        var link = Path.Combine(own, "ml");
        // What an overlay shows must not change below it: the link in it stays, and what that leads to is changed.
        Directory.CreateSymbolicLink(Path.Combine(overlay, "ml"), link);
        var start = ProcessGroup.Start([.. MountedPaths.Unshare, "/bin/sh", "-c", Keeper, "mlops", overlay]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        CleanEnvironment.Apply(start.Environment);
        start.Environment[ProcessGroup.ExecutionVariable] = execution;
        var place = new MountPlace(this, Process.Start(start)!, link);
        all.Add(place);
        // Whatever is wanting (an old kernel or nsenter), it is so for all of them.
        impossible = !place.Works(folder);
        return impossible ? null : place;
    }
}

/// <summary>One namespace, for one program at a time.</summary>
/// <param name="link">Where its /opt/ml leads to.</param>
internal sealed class MountPlace(MountPool pool, Process keeper, string link) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether everything is mounted, and a program can enter.</summary>
    public bool Works(string folder)
    {
        if (keeper.StandardOutput.ReadLine() is null)
            return false;
        var command = Enter(["true"], folder);
        return ShortProgram.Run(command[0], [.. command.Skip(1)], Patience) is (0, _, _);
    }

    public bool TryGive(string baseFolder)
    {
        if (keeper.HasExited)
            return false;
        File.Delete(link);
        Directory.CreateSymbolicLink(link, baseFolder);
        return true;
    }

    /// <summary>The command that starts another one in the namespace. It stays one process: signals reach the program.</summary>
    public IReadOnlyList<string> Enter(IReadOnlyList<string> command, string workingFolder)
    {
        var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{keeper.Id}/ns/");
        return [Programs.Find("nsenter") ?? "nsenter", $"--user={process}user", $"--mount={process}mnt", "--preserve-credentials", $"--wdns={workingFolder}", "--", Programs.Find(command[0]) ?? command[0], .. command.Skip(1)];
    }

    /// <summary>The program has ended, and so have those that it left behind.</summary>
    public void Return() => pool.Return(this);

    /// <summary>Takes the namespace away, once no program is in it.</summary>
    public void End()
    {
        ProcessGroup.Kill(keeper);
        keeper.WaitForExit();
    }

    public void Dispose()
    {
        End();
        keeper.Dispose();
    }
}
