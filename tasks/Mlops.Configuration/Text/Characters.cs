using System.Globalization;
using System.Text;

namespace Mlops.Configuration.Text;

/// <summary>Characters that let a text read differently from what it is.</summary>
internal static class Characters
{
    /// <summary>Controls, separators that editors do not show as such, and marks that reorder, hide or smuggle text.</summary>
    public static bool IsRefused(Rune rune) => rune.Value switch
    {
        < ' ' or (>= 0x7F and <= 0x9F) => true,
        0xAD or 0x61C or 0x180E or 0x200B or 0x200E or 0x200F or 0x3164 or 0xFEFF or 0xFFFE or 0xFFFF => true,
        >= 0x2028 and <= 0x202E => true,
        >= 0x2060 and <= 0x206F => true,
        >= 0xFFF9 and <= 0xFFFB => true,
        >= 0x1D173 and <= 0x1D17A => true,
        >= 0xE0000 and <= 0xE007F => true,
        _ => false,
    };

    /// <summary>A text that is safe to print on one line: what is refused above is written as an escape.</summary>
    public static string Printable(string text)
    {
        if (!text.EnumerateRunes().Any(IsRefused))
            return text;
        var result = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsRefused(rune))
                result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            else
                result.Append(rune);
        }

        return result.ToString();
    }
}
