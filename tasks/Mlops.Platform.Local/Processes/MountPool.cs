using System.Collections.Concurrent;
using System.ComponentModel;
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
    private volatile bool impossible;

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

    public void Return(MountPlace place)
    {
        // Whoever is still there goes on with what it was given, and a mount of one program is no other's.
        if (place.IsAsItWas)
            free.Add(place);
    }

    public void Dispose()
    {
        foreach (var place in all)
            place.Dispose();
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the folder of the execution.
        }
    }

    /// <summary>Whatever is wanting (an old kernel or nsenter, memory, processes): a program can still mount for itself.</summary>
    private MountPlace? Make()
    {
        try
        {
            var own = Path.Combine(folder, Interlocked.Increment(ref made).ToString(CultureInfo.InvariantCulture));
            var overlay = Directory.CreateDirectory(Path.Combine(own, "overlay")).FullName;
            var link = Path.Combine(own, "ml");
            // What an overlay shows must not change below it: the link in it stays, and what that leads to is changed.
            Directory.CreateSymbolicLink(Path.Combine(overlay, "ml"), link);
            // What the machine mounts meanwhile is seen, as by a program that begins then.
            var start = new ProcessStartInfo(MountedPaths.Unshare[0], [.. MountedPaths.Unshare.Skip(1), "--propagation", "slave", "/bin/sh", "-c", Keeper, "mlops", overlay]);
            CleanEnvironment.Apply(start.Environment);
            start.Environment[ProcessGroup.ExecutionVariable] = execution;
            var place = new MountPlace(this, ChildProcess.Start(start), link);
            if (place.Works(folder))
            {
                all.Add(place);
                return place;
            }

            place.Dispose();
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // The same as if it did not work.
        }

        impossible = true;
        return null;
    }
}
