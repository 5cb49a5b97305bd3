using System.Text;

namespace Mlops.Platform.Local.Processes;

/// <summary>Commands as people write them into config.yaml; no shell reads them.</summary>
internal static class CommandLine
{
    /// <summary>A command line's words: spaces part them, quotes hold them together.</summary>
    public static List<string> Words(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        var any = false;
        foreach (var c in command)
        {
            if (quote != '\0' && c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                (quote, any) = (c, true);
            }
            else if (quote == '\0' && c == ' ')
            {
                if (any || word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
                any = false;
            }
            else
            {
                word.Append(c);
            }
        }

        if (any || word.Length > 0)
            words.Add(word.ToString());
        return words.Count > 0 ? words : [command];
    }
}
