using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Mlops.Platform.Local.Processes;

/// <summary>
/// Programs in a session of their own, so that all that they start ends with them: Process.Kill(entireProcessTree) misses
/// a grandchild whose parent has gone.
/// </summary>
internal static partial class ProcessGroup
{
    /// <summary>Marks all that a run starts, so that what a killed one left can be found.</summary>
    public const string ExecutionVariable = "MLOPS_EXECUTION_ID";

    private const int Terminate = 15;
    private const int KillNow = 9;

    private static readonly Lazy<string[]> Leader = new(FindLeader);

    /// <summary>The start of a command as the leader of a new session, where the system has a way.</summary>
    public static ProcessStartInfo Start(IReadOnlyList<string> command)
    {
        string[] all = [.. Leader.Value, .. command];
        return new ProcessStartInfo(all[0], all[1..]);
    }

    /// <summary>Asks a group to end, and ends it after <paramref name="patience"/>.</summary>
    public static async Task StopAsync(Process process, TimeSpan patience)
    {
        Signal(process, Terminate);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Then it is ended below.
        }

        Kill(process);
    }

    /// <summary>Ends a group at once, also what is left of one whose leader is gone.</summary>
    public static void Kill(Process process) => Signal(process, KillNow);

    /// <summary>Ends what an earlier process of ours left running.</summary>
    public static void KillLeftover(ProcessIdentity identity)
    {
        if (!identity.IsAlive())
            return;
        using var process = Process.GetProcessById(identity.Id);
        Kill(process);
    }

    /// <summary>Ends every process that carries the mark of an execution: children inherit it, whatever became of their parents. Linux alone shows it.</summary>
    public static void KillMarked(string execution)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var mark = Encoding.UTF8.GetBytes($"{ExecutionVariable}={execution}\0");
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            try
            {
                if (File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(mark) >= 0)
                    _ = SendSignal(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), KillNow);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's, or one that has ended meanwhile: not ours.
            }
        }
    }

    private static void Signal(Process process, int signal)
    {
        try
        {
            if (Leader.Value.Length > 0)
                _ = SendSignal(-process.Id, signal);
            else if (!process.HasExited)
                End(process); // Nothing here asks a program to end.
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Ends a tree, and waits until it has let go of its files.</summary>
    private static void End(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit(TimeSpan.FromSeconds(5));
    }

    /// <summary>setsid comes with Linux (util-linux, busybox); macOS has Perl, whose POSIX module can do the same.</summary>
    private static string[] FindLeader()
    {
        if (OperatingSystem.IsWindows())
            return [];
        if (Programs.Find("setsid") is { } setsid)
            return [setsid];
        return Programs.Find("perl") is { } perl ? [perl, "-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127", "--"] : [];
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
