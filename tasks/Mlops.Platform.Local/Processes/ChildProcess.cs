using System.Diagnostics;
using System.Text;

namespace Mlops.Platform.Local.Processes;

/// <summary>
/// A program in a session of its own, where the system has such, so that all that it starts ends with it: Process.Kill(entireProcessTree) misses
/// a grandchild whose parent has gone. Its standard streams are ours, in UTF-8.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Windows: it keeps the process's handle.</summary>
    private readonly Process? process;

    private ChildProcess(Process process)
    {
        this.process = process;
        (Id, StandardInput, StandardOutput, StandardError) = (process.Id, process.StandardInput, process.StandardOutput, process.StandardError);
        Exited = CodeAsync(process);
    }

    private ChildProcess(SpawnedProcess spawned)
    {
        (Id, Exited) = (spawned.Id, spawned.Exited);
        StandardInput = new StreamWriter(spawned.Input, Utf8) { AutoFlush = true };
        (StandardOutput, StandardError) = (new StreamReader(spawned.Output, Utf8), new StreamReader(spawned.Errors, Utf8));
    }

    public int Id { get; }

    public StreamWriter StandardInput { get; }

    public StreamReader StandardOutput { get; }

    public StreamReader StandardError { get; }

    /// <summary>Ends with the program, with its exit code; 128 and the signal's number where one ended it, as shells have it.</summary>
    public Task<int> Exited { get; }

    public bool HasExited => Exited.IsCompleted;

    /// <summary>Starts a program without a shell.</summary>
    /// <param name="start">Command, working folder and environment.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started; the message is the system's.</exception>
    public static ChildProcess Start(ProcessStartInfo start)
    {
        if (!OperatingSystem.IsWindows())
            return new(SpawnedProcess.Start(start));
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = start.StandardErrorEncoding = Utf8;
        return new(Process.Start(start)!);
    }

    /// <summary>Tells the program something on its standard input, and that this is all.</summary>
    public async Task TellAsync(string? message, CancellationToken cancellation)
    {
        try
        {
            await StandardInput.WriteAsync(message.AsMemory(), cancellation);
            StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not care for its input, and may answer all the same.
        }
    }

    /// <summary>Asks it and what it started to end, and ends them after <paramref name="patience"/>.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (process is null)
        {
            ProcessGroup.Terminate(Id);
            await Task.WhenAny(Exited, Task.Delay(patience));
        }

        Kill();
    }

    /// <summary>Ends it at once, and what it started; also what is left of that once it has ended itself.</summary>
    public void Kill()
    {
        if (process is null)
            ProcessGroup.Kill(Id);
        else if (!process.HasExited)
            ProcessGroup.Kill(process);
    }

    public void Dispose()
    {
        process?.Dispose();
        Close(StandardOutput);
        Close(StandardError);
        Close(StandardInput);
    }

    private static void Close(IDisposable stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It has ended without reading the rest, which may still be under way.
        }
    }

    private static async Task<int> CodeAsync(Process process)
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
