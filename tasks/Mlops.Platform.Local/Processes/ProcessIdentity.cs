using System.Diagnostics;
using System.Globalization;

namespace Mlops.Platform.Local.Processes;

/// <summary>A process as it can be found again: its id and when it began, since ids are given anew.</summary>
public sealed record ProcessIdentity(int Id, long StartedTicks)
{
    internal static ProcessIdentity Of(ChildProcess child)
    {
        try
        {
            using var process = Process.GetProcessById(child.Id);
            return new(child.Id, StartOf(process));
        }
        catch (ArgumentException)
        {
            return new(child.Id, 0); // It has ended.
        }
    }

    public static ProcessIdentity? Parse(string text) =>
        text.Split('/') is [var id, var ticks]
        && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var i)
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var t) ? new(i, t) : null;

    /// <summary>Whether it still runs.</summary>
    public bool IsAlive()
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            // The system reports starts to a hundredth of a second, from two clocks.
            return Math.Abs(StartOf(process) - StartedTicks) < TimeSpan.TicksPerSecond;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}/{StartedTicks}");

    private static long StartOf(Process process)
    {
        try
        {
            return process.StartTime.ToUniversalTime().Ticks;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }
}
