namespace Mlops.Configuration.Values;

/// <summary>
/// A filter of batch transform: the part of JSONPath that SageMaker reads ("Supported JSONPath operators" of its developer guide):
/// $, .name, .*, ..name, ['name'], [n], [n,m], [n:m]. At most 63 characters (CreateTransformJob's JsonPath).
/// </summary>
public readonly record struct JsonPath(string Text)
{
    public const string Expected = "a JSONPath such as $[1:] or $['id','score'], of at most 63 characters, without ${";

    private const int MostCharacters = 63;

    public static JsonPath? Parse(string text)
    {
        if (text.Length is 0 or > MostCharacters || text[0] != '$' || text.Contains("${", StringComparison.Ordinal))
            return null;
        var at = 1;
        while (at < text.Length)
        {
            var end = text[at] switch { '.' => Member(text, at), '[' => Bracket(text, at), _ => -1 };
            if (end < 0)
                return null;
            at = end;
        }

        return new JsonPath(text);
    }

    public override string ToString() => Text;

    private static int Member(string text, int at)
    {
        at += text.AsSpan(at).StartsWith("..") ? 2 : 1;
        if (at < text.Length && text[at] == '*')
            return at + 1;
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-'))
            at++;
        return at > start ? at : -1;
    }

    private static int Bracket(string text, int at)
    {
        var end = text.IndexOf(']', at);
        if (end < 0)
            return -1;
        var inner = text[(at + 1)..end];
        return inner == "*" || IsSlice(inner) || inner.Split(',').All(part => IsIndex(part.Trim()) || IsName(part.Trim())) ? end + 1 : -1;
    }

    private static bool IsSlice(string text) => text.Split(':') is [var from, var to] && (from.Length > 0 || to.Length > 0) && (from.Length == 0 || IsIndex(from)) && (to.Length == 0 || IsIndex(to));

    private static bool IsIndex(string text) => text.TrimStart('-') is { Length: > 0 and < 10 } digits && digits.Length >= text.Length - 1 && digits.All(char.IsAsciiDigit);

    private static bool IsName(string text) => text.Length > 2 && text[0] is '\'' or '"' && text[^1] == text[0];
}
