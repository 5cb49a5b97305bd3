using System.Globalization;

namespace Mlops.Definitions;

/// <summary>Descriptions as SageMaker takes them: EntityDescription of its API is one line, without control characters, of at most 1,024.</summary>
public static class Descriptions
{
    public const int MostCharacters = 1024;

    /// <summary>A text in one line: breaks and tabs become spaces, and what only shapes other characters goes.</summary>
    public static string OneLine(string text) => string.Join(' ', new string([.. text.Where(c => char.GetUnicodeCategory(c) != UnicodeCategory.Format).Select(c => char.IsControl(c) ? '\n' : c)]).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
