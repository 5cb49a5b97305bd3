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
                    return line.Length > 0 ? Taken() : null;
            }

            if (afterReturn && block[at] == '\n')
                at++;
            afterReturn = false;
            var rest = block.AsSpan(at, end - at);
            var length = rest.IndexOfAny('\n', '\r');
            Add(length < 0 ? rest : rest[..length]);
            if (length < 0)
            {
                at = end;
                continue;
            }

            afterReturn = rest[length] == '\r';
            at += length + 1;
            return Taken();
        }
    }

    /// <summary>What was begun of a line that nobody will end; null: nothing.</summary>
    public string? Rest() => line.Length > 0 ? Taken() : null;

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
