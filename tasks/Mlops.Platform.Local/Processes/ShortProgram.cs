using System.ComponentModel;
using System.Diagnostics;

namespace Mlops.Platform.Local.Processes;

/// <summary>Programs that this one asks something, for a bounded time.</summary>
internal static class ShortProgram
{
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(1);

    /// <returns>Null: it cannot be started, or took too long and was ended.</returns>
    public static (int ExitCode, string Output, string Errors)? Run(string program, IReadOnlyList<string> arguments, TimeSpan patience)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        CleanEnvironment.Apply(start.Environment);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            var waited = Stopwatch.StartNew();
            // What it leaves running may hold its output open.
            if (process.WaitForExit(patience) && Task.WaitAll([output, errors], Max(patience - waited.Elapsed, LeastPatience)))
                return (process.ExitCode, output.Result, errors.Result);
            process.Kill(entireProcessTree: true);
            return null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
