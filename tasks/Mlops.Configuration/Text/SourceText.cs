using System.Security.Cryptography;
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

    private SourceText(string path, string text, string sha256)
    {
        Sha256 = sha256;
        Path = path;
        Text = text;
        lines = new(() => text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r'));
    }

    /// <summary>The path as the user gave it.</summary>
    public string Path { get; }

    /// <summary>Of the file's bytes.</summary>
    public string Sha256 { get; }

    /// <summary>The text, without a byte order mark.</summary>
    public string Text { get; }

    public int LineCount => lines.Value.Length;

    /// <summary>The line's text without its line break, or an empty string beyond the end.</summary>
    public string Line(int line) => line >= 1 && line <= lines.Value.Length ? lines.Value[line - 1] : "";

    /// <summary>A text of the product's own, which needs no check.</summary>
    internal static SourceText Of(string path, string text) => new(path, text, "");

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

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];

        string text;
        try
        {
            text = Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            var place = PlaceOf(Encoding.UTF8.GetString(bytes[..Math.Max(0, e.Index)]));
            diagnostics.Add(Errors.NotUtf8(place, null));
            return null;
        }

        return HasOnlyText(text, diagnostics) ? new SourceText(path, text, sha256) : null;
    }

    private static string? OtherEncoding(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]) || bytes.StartsWith((ReadOnlySpan<byte>)[0, 0, 0xFE, 0xFF]))
            return "UTF-32";
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return "UTF-16";
        // Without a mark: YAML begins with an ASCII character, so the zeros beside it tell.
        if (bytes.Length >= 8 && ((bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0) || (bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0)))
            return "UTF-32";
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
            var width = char.IsSurrogatePair(text, i) ? 2 : 1;
            if (c == '\n' || (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                (line, column) = (line + 1, 1);
                continue;
            }

            if (c != '\r' && Rune.TryGetRuneAt(text, i, out var rune) && Characters.IsRefused(rune))
            {
                clean = false;
                errors++;
                diagnostics.Add(c == '\t' ? Errors.Tab(Span.At(line, column)) : Errors.InvisibleCharacter(Span.At(line, column), rune.Value));
            }

            column += width;
            i += width - 1;
        }

        return clean;
    }

    private static Span PlaceOf(string before)
    {
        var lines = before.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r');
        return Span.At(lines.Length, lines[^1].Length + 1);
    }
}
