using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Mlops.Tasks;

/// <summary>The program <c>mlops</c> while it carries out a verb. It ends when its input does.</summary>
internal sealed class HostProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Process process;
    private readonly StringBuilder errors = new();

    private HostProcess(Process process)
    {
        this.process = process;
        process.ErrorDataReceived += (_, e) => errors.AppendLine(e.Data);
        process.BeginErrorReadLine();
    }

    public int ExitCode => process.ExitCode;

    /// <summary>What it said on its standard error.</summary>
    public string Errors => errors.ToString().Trim();

    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    public static HostProcess Start(string program, IEnumerable<string> arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            CreateNoWindow = true,
        };
        // What this build says to its own nodes is not meant for the builds that a verb starts.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        return new HostProcess(Process.Start(start)!);
    }

    /// <summary>Shows what it says until it ends. What it started may outlive it and hold its output open: nobody waits for that.</summary>
    public void Follow(Action<string> show)
    {
        try
        {
            FollowToEnd(show);
        }
        catch
        {
            End();
            throw;
        }
    }

    /// <summary>Asks it to end: it stops its steps, and brings what it changes to an end that it can leave.</summary>
    public void AskToEnd()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    public void Dispose() => process.Dispose();

    private void FollowToEnd(Action<string> show)
    {
        var lines = Channel.CreateUnbounded<string>();
        _ = Task.Run(() => Read(process.StandardOutput, lines.Writer));
        var ended = new Stopwatch();
        while (true)
        {
            var more = lines.Reader.WaitToReadAsync().AsTask();
            while (!more.Wait(Pause) && ended.Elapsed < Patience)
            {
                if (process.HasExited)
                    ended.Start();
            }

            if (!more.IsCompleted || !more.Result)
                break;
            while (lines.Reader.TryRead(out var line))
                show(line);
        }

        if (!process.WaitForExit(Patience))
            End();
        Task.Run(process.WaitForExit).Wait(Patience); // With what it said on its standard error.
    }

    private static void Read(StreamReader output, ChannelWriter<string> lines)
    {
        try
        {
            while (output.ReadLine() is { } line)
                lines.TryWrite(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process was let go.
        }

        lines.Complete();
    }

    private void End()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException)
        {
            // It has ended, or cannot be ended from here.
        }
    }
}
