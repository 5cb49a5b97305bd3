using System.Text;

namespace ModelSteps;

/// <summary>One line of CSV to fields and back. A field may be quoted, but may not contain a line break.</summary>
public static class Csv
{
    public static List<string> Split(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;

        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
                field.Append(line[i++]); // "" within quotes is one quote
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
                field.Append(c);
        }

        if (quoted)
            throw new InvalidDataException("a quoted field has no closing quote");
        fields.Add(field.ToString().Trim());
        return fields;
    }

    public static string Join(params IEnumerable<string> fields) =>
        string.Join(',', fields.Select(field =>
            field.AsSpan().ContainsAny(",\"") ? $"\"{field.Replace("\"", "\"\"")}\"" : field));
}
