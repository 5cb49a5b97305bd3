using System.Diagnostics;

namespace Mlops.Platform.Local.Tests;

/// <summary>Programs that tests started, by their number.</summary>
internal static class TestProcess
{
    public static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            // One that has ended and that nobody has asked after yet still has a number.
            return !found.HasExited && !(File.Exists($"/proc/{process}/stat") && File.ReadAllText($"/proc/{process}/stat").Contains(") Z", StringComparison.Ordinal));
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
