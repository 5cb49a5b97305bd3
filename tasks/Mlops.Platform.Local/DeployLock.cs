using System.Diagnostics;
using System.Globalization;
using Mlops.Platform.Events;

namespace Mlops.Platform.Local;

/// <summary>
/// One verb at a time works on a root. The operating system holds the lock and frees it with the process, however that ends:
/// it cannot be stale, and a live owner cannot be robbed. Who holds it stands in a file beside it.
/// </summary>
internal sealed class DeployLock : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly FileStream file;

    private DeployLock(FileStream file)
    {
        this.file = file;
    }

    public static async Task<DeployLock> TakeAsync(string path, string verb, TimeSpan patience, IEventSink events, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        var told = false;
        while (true)
        {
            if (TryOpen(path) is { } file)
            {
                await using var tidy = new Tidy(file);
                await using (var owner = new StreamWriter(new FileStream(path + ".owner", FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)))
                    await owner.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName} ('{verb}' since {DateTimeOffset.Now:yyyy-MM-dd HH:mm:ss zzz})"));
                tidy.Keep();
                return new DeployLock(file);
            }

            var holder = Owner(path);
            if (waited.Elapsed > patience)
                throw LocalErrors.Busy(verb, holder, (int)patience.TotalSeconds).ToException();
            if (!told && waited.Elapsed > TimeSpan.FromSeconds(1))
            {
                told = true;
                events.Add(new Notice($"Waiting for {holder}, at most {patience.TotalSeconds:F0} s."));
            }

            await Task.Delay(Pause, cancellation);
        }
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();

    /// <summary>Whether somebody is at work on the root.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var file = TryOpen(path);
            return file is null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A root that may only be read: who is at work cannot be known.
            return true;
        }
    }

    /// <summary>Null: another process holds it.</summary>
    internal static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsTaken(e))
        {
            return null;
        }
    }

    /// <summary>Lets go of the lock if what comes after taking it fails.</summary>
    private sealed class Tidy(FileStream file) : IAsyncDisposable
    {
        private bool kept;

        public void Keep() => kept = true;

        public ValueTask DisposeAsync() => kept ? ValueTask.CompletedTask : file.DisposeAsync();
    }

    private static bool IsTaken(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32 or 33; // EWOULDBLOCK of Linux and of macOS; ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION

    private static string Owner(string path)
    {
        try
        {
            // Without standing in the way of who writes it.
            using var owner = new StreamReader(new FileStream(path + ".owner", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return owner.ReadToEnd();
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
