namespace Mlops.Platform.Local.Processes;

/// <summary>A program's output: written to a file up to a bound, its last lines kept at hand, each line shown to whoever looks for metrics.</summary>
internal sealed class LogWriter : IDisposable
{
    public const long MostBytes = 64L << 20;
    private const int LastCount = 20;
    private const int LongestLine = 8 * 1024;

    private readonly StreamWriter file;
    private readonly Action<string>? onLine;
    private readonly Queue<(bool IsError, string Text)> last = new();
    private readonly List<(OutputLines Lines, bool IsError)> open = [];
    private readonly Lock gate = new();
    private long written;
    private bool hasLost;
    private bool closed;

    public LogWriter(string path, Action<string>? onLine = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        this.onLine = onLine;
    }

    /// <summary>
    /// The last lines, one a line; what the program said on its standard error comes last. The two streams arrive in no order of their own, and why a
    /// program failed is seldom among its results.
    /// </summary>
    public string Tail
    {
        get
        {
            lock (gate)
                return string.Join('\n', last.OrderBy(l => l.IsError).Select(l => l.Text));
        }
    }

    /// <summary>Copies what a program says until it ends.</summary>
    public Task CopyAsync(ChildProcess process) => Task.WhenAll(CopyAsync(process.StandardOutput, isError: false), CopyErrorsAsync(process));

    /// <summary>Copies what a program says on its standard error alone.</summary>
    public Task CopyErrorsAsync(ChildProcess process) => CopyAsync(process.StandardError, isError: true);

    private async Task CopyAsync(StreamReader reader, bool isError)
    {
        var lines = new OutputLines(reader, LongestLine);
        lock (gate)
            open.Add((lines, isError));
        while (await NextAsync(lines) is { } line)
            Add(line, isError);
    }

    /// <summary>The program has ended, and what it started may hold its output open: the lines that it had begun are taken as they are.</summary>
    public void Finish()
    {
        lock (gate)
        {
            foreach (var (lines, isError) in open)
            {
                if (lines.Rest() is { } rest)
                    Add(rest, isError);
            }
        }
    }

    private static async Task<string?> NextAsync(OutputLines lines)
    {
        try
        {
            return await lines.NextAsync();
        }
        catch (Exception e) when (e is ObjectDisposedException or IOException)
        {
            // The process was let go while something outside its group still held its output.
            return null;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            try
            {
                file.Dispose();
            }
            catch (IOException e)
            {
                Remember($"[the log is not complete: {e.Message}]", isError: true);
            }
        }
    }

    /// <summary>A full disk costs lines of the log, and not the program: it would wait forever for somebody to read its output.</summary>
    private void Keep(string line)
    {
        if (written > MostBytes)
            return;
        written += line.Length + 1;
        try
        {
            file.WriteLine(written <= MostBytes ? line : $"[output beyond {MostBytes >> 20} MiB is not kept]");
        }
        catch (IOException e)
        {
            // Once is enough: the last lines are for what the program said.
            if (!hasLost)
                Remember($"[lines are not kept: {e.Message}]", isError: true);
            hasLost = true;
        }
    }

    private void Remember(string line, bool isError)
    {
        last.Enqueue((isError, line));
        if (last.Count > LastCount)
            last.Dequeue();
    }

    private void Add(string line, bool isError)
    {
        lock (gate)
        {
            // A program that left the step's group may still hold its output: nobody listens any more.
            if (closed)
                return;
            Remember(line.Replace("\0", "\\x00", StringComparison.Ordinal), isError); // SQLite's texts end at a NUL, and this is the reason of a failure.
            Keep(line);
            onLine?.Invoke(line);
        }
    }
}
