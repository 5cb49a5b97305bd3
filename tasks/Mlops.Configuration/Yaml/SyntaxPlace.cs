using Mlops.Configuration.Text;

namespace Mlops.Configuration.Yaml;

/// <summary>
/// Where a syntax error probably is. A parser reports where it could not go on, often a line or many after the mistake: an open quote
/// runs on to the next quote, a line without its colon is a text that the next line continues. This looks at the lines above for what
/// people do wrong: quotes and brackets that are not closed, lines that are no 'key: value', and first keys that stand further in or out
/// than those below them.
/// </summary>
internal sealed class SyntaxPlace
{
    private readonly SourceText source;
    private readonly List<ContentLine> lines = [];
    private readonly List<(int Line, int End)> longQuotes = [];

    private SyntaxPlace(SourceText source)
    {
        this.source = source;
        Scan();
    }

    /// <summary>The likely place; the reported one where nothing above it looks wrong.</summary>
    public static Span Of(SourceText source, Span reported)
    {
        var line = new SyntaxPlace(source).Likely(reported.Line);
        return line == reported.Line ? reported : Span.At(line, source.Line(line).TakeWhile(c => c == ' ').Count() + 1);
    }

    /// <summary>The first character at or behind a place that is no space or comment; the place itself where nothing follows.</summary>
    public static Span NextContent(SourceText source, Span place)
    {
        for (var line = place.Line; line <= source.LineCount; line++)
        {
            var text = source.Line(line);
            var from = line == place.Line ? Math.Min(place.Column - 1, text.Length) : 0;
            var rest = text[from..];
            var content = rest.TrimStart(' ', ':');
            if (content.Length > 0 && content[0] != '#')
                return Span.At(line, from + (rest.Length - content.Length) + 1);
        }

        return place;
    }

    /// <param name="Text">Without its comment and the spaces around it.</param>
    /// <param name="Opened">The line of the innermost bracket that is open where the line begins; 0: none.</param>
    private sealed record ContentLine(int Number, int Indent, string Text, int Opened)
    {
        public bool IsParent => Text.EndsWith(':');

        public bool IsEntry => Text[0] is '-' or '?' or '&' or '*' or '"' or '\'' || HasColon;

        /// <summary>An item that is a plain text: no key may stand below it.</summary>
        public bool IsTextItem => Text.Length > 2 && Text.StartsWith("- ", StringComparison.Ordinal) && !HasColon && Text[2] is not ('{' or '[' or '"' or '\'' or '&' or '*' or '|' or '>' or '-');

        private bool HasColon
        {
            get
            {
                for (var at = Text.IndexOf(':', StringComparison.Ordinal); at >= 0; at = Text.IndexOf(':', at + 1))
                {
                    if (at == Text.Length - 1 || Text[at + 1] == ' ')
                        return true;
                }

                return false;
            }
        }
    }

    private int Likely(int reported)
    {
        // 'key: a: b' and 'key: @b' are wrong by themselves.
        if (lines.FirstOrDefault(l => l.Number == reported) is { Opened: 0 } own && IsWrongByItself(own.Text) && longQuotes.TrueForAll(q => q.End < reported - 1))
            return reported;
        // A quote that runs over several lines up to the error, or never ends, was not meant to.
        if (longQuotes.FirstOrDefault(q => q.Line < reported && q.End >= reported - 1) is { Line: > 0 } quote)
            return quote.Line;
        var index = lines.FindIndex(l => l.Number >= reported);
        if (index < 0)
            index = lines.Count;
        if (index < lines.Count && Unclosed(lines[index]) is { } bracket)
            return bracket;
        if (index > 0 && lines[index - 1] is { Opened: 0 } before && !before.IsEntry && !InBlockText(index - 1))
            return before.Number;
        if (index > 0 && index < lines.Count && lines[index - 1].IsTextItem && lines[index].Indent > lines[index - 1].Indent)
            return lines[index - 1].Number;
        return index < lines.Count && lines[index].Opened == 0 ? FirstChild(index) ?? reported : reported;
    }

    private static bool IsWrongByItself(string text)
    {
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
            return false;
        var value = text[(colon + 2)..].TrimStart();
        return value.Length > 0 && (value[0] is '@' or '`' or '%' || (value[0] is not ('"' or '\'' or '{' or '[' or '|' or '>') && value.Contains(": ", StringComparison.Ordinal)));
    }

    /// <summary>A bracket that ends its line, and is followed by lines as they are without brackets.</summary>
    private int? Unclosed(ContentLine line)
    {
        if (line.Opened == 0 || line.Opened == line.Number || lines.FirstOrDefault(l => l.Number == line.Opened) is not { } opener)
            return null;
        var between = lines.Where(l => l.Number > opener.Number && l.Number < line.Number).ToList();
        return line.Indent <= opener.Indent || (opener.Text is [.., '{' or '['] && between.TrueForAll(l => !l.Text.EndsWith(','))) || between.Count == 0 && !opener.Text.EndsWith(',') && line.IsEntry && line.Text[0] is not ('{' or '[')
            ? opener.Number : null;
    }

    /// <summary>The first key below a parent, where it stands at another column than the keys that follow.</summary>
    private int? FirstChild(int index)
    {
        var line = lines[index];
        for (var i = index - 1; i > 0; i--)
        {
            var (child, parent) = (lines[i], lines[i - 1]);
            var at = child.Indent + (child.Text.StartsWith("- ", StringComparison.Ordinal) ? 2 : 0);
            if (parent.Indent >= line.Indent && child.Indent < line.Indent && !parent.IsParent)
                continue;
            if (child.Indent == line.Indent || (parent.Indent < line.Indent && !parent.IsParent && child.Indent <= line.Indent))
                return null;
            if (!parent.IsParent || parent.Indent >= child.Indent || parent.Indent >= line.Indent || at == line.Indent)
                continue;
            var below = lines.Skip(index).TakeWhile(l => l.Indent > parent.Indent).Count(l => l.Indent == line.Indent);
            return below >= 2 ? child.Number : null;
        }

        return null;
    }

    /// <summary>Whether the line is text below a key that ends with '|' or '&gt;'.</summary>
    private bool InBlockText(int index)
    {
        for (var i = index - 1; i >= 0; i--)
        {
            if (lines[i].Indent < lines[index].Indent)
                return lines[i].Text is [.., '|' or '>'] or [.., '|' or '>', '-' or '+'];
        }

        return false;
    }

    /// <summary>One pass over the characters: comments, quotes and brackets, as YAML has them.</summary>
    private void Scan()
    {
        var open = new Stack<int>();
        var quote = '\0';
        var quotedFrom = 0;
        for (var number = 1; number <= source.LineCount; number++)
        {
            var text = source.Line(number);
            var (openedAt, startsQuoted, end) = (open.Count > 0 ? open.Peek() : 0, quote != '\0', text.Length);
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (quote != '\0')
                {
                    if (c == '\\' && quote == '"')
                        i++;
                    else if (c == quote && quote == '\'' && i + 1 < text.Length && text[i + 1] == '\'')
                        i++;
                    else if (c == quote)
                    {
                        quote = '\0';
                        if (quotedFrom < number)
                            longQuotes.Add((quotedFrom, number));
                    }

                    continue;
                }

                var startsToken = i == 0 || text[i - 1] is ' ' or '{' or '[' or ',' || (open.Count > 0 && text[i - 1] == ':');
                if (c == '#' && (i == 0 || text[i - 1] == ' '))
                {
                    end = i;
                    break;
                }

                if (c is '"' or '\'' && startsToken)
                    (quote, quotedFrom) = (c, number);
                else if (c is '{' or '[' && (open.Count > 0 || startsToken))
                    open.Push(number);
                else if (c is '}' or ']' && open.Count > 0)
                    open.Pop();
            }

            var content = text[..end].Trim();
            if (content.Length > 0 && !startsQuoted)
                lines.Add(new(number, text.TakeWhile(x => x == ' ').Count(), content, openedAt));
        }

        if (quote != '\0')
            longQuotes.Add((quotedFrom, int.MaxValue));
    }
}
