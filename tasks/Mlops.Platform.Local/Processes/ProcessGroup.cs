using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Mlops.Platform.Local.Processes;

/// <summary>Ends programs, with all that they started: by their session, or by the mark of their execution.</summary>
internal static partial class ProcessGroup
{
    /// <summary>Marks all that a run starts, so that what a killed one left can be found.</summary>
    public const string ExecutionVariable = "MLOPS_EXECUTION_ID";

    private const int TerminateNow = 15;
    private const int KillNow = 9;

    /// <summary>Asks the group of a session's leader to end.</summary>
    public static void Terminate(int leader) => _ = SendSignal(-leader, TerminateNow);

    /// <summary>Ends the group of a session's leader at once, also what is left of one whose leader is gone.</summary>
    public static void Kill(int leader) => _ = SendSignal(-leader, KillNow);

    /// <summary>Ends a process and what it started.</summary>
    public static void Kill(Process process)
    {
        if (!OperatingSystem.IsWindows())
        {
            Kill(process.Id);
            return;
        }

        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(5)); // Until it has let go of its files.
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

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

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
