using System.Text;

namespace Mlops.Definitions;

/// <summary>Splits <c>a.b['c'].d[0]</c> into a, b, c, d, 0.</summary>
public static class PropertyPath
{
    public static string[] Parse(string path)
    {
        var parts = new List<string>();
        var current = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            switch (path[i])
            {
                case '.':
                    Flush();
                    break;
                case '[':
                    Flush();
                    var end = path.IndexOf(']', i);
                    if (end < 0)
                        throw new DefinitionException($"'{path}' has a '[' without ']'.");
                    parts.Add(path[(i + 1)..end].Trim('\'', '"'));
                    i = end;
                    break;
                default:
                    current.Append(path[i]);
                    break;
            }
        }

        Flush();
        return [.. parts];

        void Flush()
        {
            if (current.Length > 0)
                parts.Add(current.ToString());
            current.Clear();
        }
    }
}
