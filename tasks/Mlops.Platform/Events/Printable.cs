using System.Globalization;
using System.Text;

namespace Mlops.Platform.Events;

/// <summary>Texts that hold what programs printed and models answered: they must not steer a terminal, nor look like a message of their own.</summary>
internal static class Printable
{
    /// <summary>Without control characters; lines after the first are indented.</summary>
    public static string Of(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
        {
            if (c == '\n')
                result.Append("\n    ");
            else if (c is '\t' || !char.IsControl(c))
                result.Append(c);
            else
                result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}");
        }

        return result.ToString();
    }
}
