using System.Text;

namespace Mlops.Platform.Local.Processes;

/// <summary>
/// The lines of a program's output, each no longer than a bound: a program may write gigabytes without a line's end, which StreamReader.ReadLine would
/// gather.
/// </summary>
/// <param name="longest">In characters; what a line has beyond it is left out, and " ..." says so.</param>
internal sealed class OutputLines(StreamReader reader, int longest)
{
    private readonly char[] block = new char[4096];
    private readonly StringBuilder line = new();
    private int at;
    private int end;
    private bool cut;
    private bool ended;

    /// <summary>Whether the last line ended with a carriage return: a line feed behind it is of the same end.</summary>
    private bool afterReturn;

    /// <summary>The next line without its end, which is that of any system; null: there is none.</summary>
    public async Task<string?> NextAsync()
    {
        while (true)
        {
            if (at == end)
            {
                (at, end) = (0, await reader.ReadAsync(block));
                if (end == 0)
                    return Rest();
            }

            lock (line)
            {
                if (ended)
                    return null;
                if (Next() is { } whole)
                    return whole;
            }
        }
    }

    /// <summary>Takes what there is of the block up to the line's end; null: the line goes on in the next block.</summary>
    private string? Next()
    {
        if (afterReturn && block[at] == '\n')
            at++;
        afterReturn = false;
        var rest = block.AsSpan(at, end - at);
        var length = rest.IndexOfAny('\n', '\r');
        Add(length < 0 ? rest : rest[..length]);
        if (length < 0)
        {
            at = end;
            return null;
        }

        afterReturn = rest[length] == '\r';
        at += length + 1;
        return Taken();
    }

    /// <summary>Ends the reading, and gives what was begun of a line; null: nothing. Another may wait for more in the meantime: it gets none.</summary>
    public string? Rest()
    {
        lock (line)
        {
            ended = true;
            return line.Length > 0 ? Taken() : null;
        }
    }

    private void Add(ReadOnlySpan<char> text)
    {
        var room = longest - line.Length;
        cut |= text.Length > room;
        line.Append(text.Length > room ? text[..room] : text);
    }

    private string Taken()
    {
        if (cut)
            line.Append(" ...");
        var taken = line.ToString();
        line.Clear();
        cut = false;
        return taken;
    }
}
