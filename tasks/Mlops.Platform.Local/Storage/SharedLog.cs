using System.Diagnostics;
using System.Text;

namespace Mlops.Platform.Local.Storage;

/// <summary>Files of lines to which several processes add: .NET's append writes where the end was when the file was opened, so one waits for the other.</summary>
internal static class SharedLog
{
    /// <summary>An append takes milliseconds: whoever takes longer is stopped, or no lock can be had.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <param name="lines">Whole ones, each with its end.</param>
    public static async Task AppendAsync(string file, string lines, CancellationToken cancellation)
    {
        if (lines.Length == 0)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await using var turn = await TurnAsync(file + ".lock", cancellation);
        await using var log = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var end = log.Length;
        // Whoever was killed in the middle of a line: the next one begins anew.
        var isBroken = end > 0 && log.Seek(-1, SeekOrigin.End) >= 0 && log.ReadByte() != '\n';
        log.Position = end;
        try
        {
            await log.WriteAsync(Encoding.UTF8.GetBytes((isBroken ? "\n" : "") + lines), CancellationToken.None);
        }
        catch (IOException)
        {
            log.SetLength(end); // No half line on a disk that is full.
            throw;
        }
    }

    private static async Task<FileStream> TurnAsync(string path, CancellationToken cancellation)
    {
        for (var waited = Stopwatch.StartNew(); ;)
        {
            if (DeployLock.TryOpen(path) is { } held)
                return held;
            if (waited.Elapsed > Patience)
                throw new IOException($"'{path}' is held by another process.");
            await Task.Delay(Pause, cancellation);
        }
    }
}
