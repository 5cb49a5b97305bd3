using System.Text;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Configuration.Text;

/// <summary>
/// A file's text, decoded strictly: UTF-8 without replacement characters, without control or invisible characters.
/// YAML readers pass these over in silence (a StreamReader even replaces what it cannot decode), and then the file that a
/// person reviewed is not the file that was built.
/// </summary>
public sealed class SourceText
{
    private const int MostCharacterErrors = 10;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Lazy<string[]> lines;

    private SourceText(string path, string text)
    {
        Path = path;
        Text = text;
        lines = new(() => text.ReplaceLineEndings("\n").Split('\n'));
    }

    /// <summary>The path as the user gave it.</summary>
    public string Path { get; }

    /// <summary>The text, without a byte order mark.</summary>
    public string Text { get; }

    /// <summary>The line's text without its line break, or an empty string beyond the end.</summary>
    public string Line(int line) => line >= 1 && line <= lines.Value.Length ? lines.Value[line - 1] : "";

    /// <summary>Decodes a file. Returns null, with the reasons in <paramref name="diagnostics"/>, where it cannot be read as text.</summary>
    public static SourceText? Decode(string path, ReadOnlySpan<byte> bytes, DiagnosticBag diagnostics)
    {
        if (bytes.Length > Limits.Bytes)
        {
            diagnostics.Add(Errors.FileTooLarge(bytes.Length));
            return null;
        }

        if (OtherEncoding(bytes) is { } encoding)
        {
            diagnostics.Add(Errors.NotUtf8(Span.Start, encoding));
            return null;
        }

        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];

        string text;
        try
        {
            text = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            var place = PlaceOf(Encoding.Latin1.GetString(bytes[..Math.Max(0, e.Index)]));
            diagnostics.Add(Errors.NotUtf8(place, null));
            return null;
        }

        return HasOnlyText(text, diagnostics) ? new SourceText(path, text) : null;
    }

    private static string? OtherEncoding(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]) || bytes.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF]))
            return "UTF-32";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return "UTF-16";
        // Without a mark: YAML begins with an ASCII character, so a zero beside it tells.
        if (bytes.Length >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) != (bytes[3] == 0))
            return "UTF-16";
        return null;
    }

    private static bool HasOnlyText(string text, DiagnosticBag diagnostics)
    {
        var clean = true;
        var errors = 0;
        var (line, column) = (1, 1);
        for (var i = 0; i < text.Length && errors < MostCharacterErrors; i++)
        {
            var c = text[i];
            if (c == '\n' || (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                (line, column) = (line + 1, 1);
                continue;
            }

            if (c != '\r' && IsRefused(c))
            {
                clean = false;
                errors++;
                diagnostics.Add(c == '\t' ? Errors.Tab(Span.At(line, column)) : Errors.InvisibleCharacter(Span.At(line, column), c));
            }

            column++;
        }

        return clean;
    }

    /// <summary>Controls, line separators that editors do not show as such, and the marks that reorder or hide text.</summary>
    private static bool IsRefused(char c) =>
        c < ' ' || c is >= '\u007F' and <= '\u009F'
        or '\u200B' or '\u200E' or '\u200F' or '\u061C' or '\u2060' or '\uFEFF'
        or '\u2028' or '\u2029'
        or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069')
        or '\uFFFE' or '\uFFFF';

    private static Span PlaceOf(string before)
    {
        var lines = before.ReplaceLineEndings("\n").Split('\n');
        return Span.At(lines.Length, lines[^1].Length + 1);
    }
}
