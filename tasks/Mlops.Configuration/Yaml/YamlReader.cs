using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mlops.Configuration.Yaml;

/// <summary>
/// Text to nodes with places, from YamlDotNet's event parser under <see cref="Limits"/>. Its document loader recurses without a
/// bound (deep input ends the process) and lets duplicate keys, tags and self-referring aliases pass.
/// </summary>
public sealed class YamlReader
{
    private readonly DiagnosticBag diagnostics;
    private readonly Parser parser;
    private readonly Dictionary<string, YamlNode?> anchors = new(StringComparer.Ordinal);
    private readonly string text;

    /// <summary>Of the collections that are open, whether they are in brackets.</summary>
    private readonly Stack<bool> open = new();
    private int nodes;

    private YamlReader(SourceText source, DiagnosticBag diagnostics)
    {
        text = source.Text;
        this.diagnostics = diagnostics;
        parser = new Parser(new Scanner(new StringReader(source.Text), skipComments: true));
    }

    /// <summary>Reads the one document of a file. Returns null, with the reasons in <paramref name="diagnostics"/>, where there is none.</summary>
    public static YamlNode? Read(SourceText source, DiagnosticBag diagnostics)
    {
        var reader = new YamlReader(source, diagnostics);
        try
        {
            return reader.ReadStream();
        }
        catch (Refused e)
        {
            diagnostics.Add(e.Diagnostic);
            return null;
        }
        catch (YamlException e)
        {
            diagnostics.Add(Errors.Syntax(SyntaxPlace.Of(source, Place(e.Start, e.Start)), e.Message));
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // The scanner leaves some malformed texts by way of a general exception: what comes behind the last event is the nearest place.
            var end = reader.parser.Current?.End ?? Mark.Empty;
            var at = SyntaxPlace.NextContent(source, Place(end, end));
            diagnostics.Add(Errors.Syntax(SyntaxPlace.Of(source, at), "the text ends or turns where a value was expected"));
            return null;
        }
    }

    private YamlNode? ReadStream()
    {
        Next<StreamStart>();
        if (Move() is StreamEnd)
        {
            diagnostics.Add(Errors.EmptyFile());
            return null;
        }

        if (parser.Current is DocumentStart { Version: not null })
            diagnostics.Add(Errors.Directive(Place(parser.Current.Start, parser.Current.Start)));
        Move();
        var root = ReadNode(1);
        Next<DocumentEnd>();
        if (Move() is DocumentStart second)
            diagnostics.Add(Errors.SecondDocument(Place(second.Start, second.Start)));
        if (root is YamlScalar { IsNull: true })
        {
            diagnostics.Add(Errors.EmptyFile());
            return null;
        }

        return diagnostics.HasErrors ? null : root;
    }

    private YamlNode ReadNode(int depth)
    {
        var e = parser.Current!;
        var span = Place(e.Start, e.End);
        if (depth > Limits.Depth)
            throw new Refused(Errors.TooDeep(span));
        if (e is AnchorAlias alias)
            return Count(Resolve(alias, span), span);

        if (e is not NodeEvent node)
            throw new Refused(Errors.Syntax(span, "the text ends or turns where a value was expected"));
        if (!node.Tag.IsEmpty && node.Tag.Value != "?")
            diagnostics.Add(Errors.Tag(span, node.Tag.Value));
        var anchor = node.Anchor.IsEmpty ? null : node.Anchor.Value;
        if (anchor is not null)
            anchors[anchor] = null;
        Count(1, span);

        YamlNode result = node switch
        {
            Scalar s => ReadScalar(s, span),
            SequenceStart => ReadSequence(span, depth),
            MappingStart => ReadMapping(span, depth),
            _ => throw new InvalidOperationException($"unexpected event {e.GetType().Name}"),
        };
        if (anchor is not null)
            anchors[anchor] = result;
        return result;
    }

    /// <summary>An escape must not bring in what the text itself may not hold.</summary>
    private YamlScalar ReadScalar(Scalar scalar, Span span)
    {
        foreach (var rune in scalar.Value.EnumerateRunes())
        {
            if (rune.Value is not ('\n' or '\t') && Characters.IsRefused(rune))
            {
                diagnostics.Add(Errors.InvisibleCharacter(span, rune.Value));
                break;
            }
        }

        return new YamlScalar(span, scalar.Value, scalar.Style != ScalarStyle.Plain);
    }

    private YamlSequence ReadSequence(Span start, int depth)
    {
        var items = new List<YamlNode>();
        while (Move() is not SequenceEnd)
            items.Add(ReadNode(depth + 1));
        return new YamlSequence(start, 1 + items.Sum(i => i.Size), items);
    }

    private YamlMapping ReadMapping(Span start, int depth)
    {
        var entries = new List<YamlEntry>();
        var merged = new List<YamlEntry>();
        var seen = new Dictionary<string, Span>(StringComparer.Ordinal);
        while (Move() is not MappingEnd)
        {
            var key = ReadNode(depth + 1);
            Move();
            var value = ReadNode(depth + 1);
            if (key is not YamlScalar { IsNull: false } name)
                diagnostics.Add(Errors.KeyIsNotText(key.Span));
            else if (!seen.TryAdd(name.Text, name.Span))
                diagnostics.Add(Errors.DuplicateKey(name.Span, name.Text, seen[name.Text]));
            else if (name is { Text: "<<", Quoted: false })
                merged.AddRange(Merged(value));
            else
                entries.Add(new YamlEntry(name.Text, name.Span, value));
        }

        // What stands in the mapping itself comes before what is merged in, and the first of several merged mappings wins.
        foreach (var entry in merged.Where(m => seen.TryAdd(m.Key, m.KeySpan)))
            entries.Add(entry);
        return new YamlMapping(start, 1 + entries.Sum(x => 1 + x.Value.Size), entries);
    }

    private IEnumerable<YamlEntry> Merged(YamlNode value)
    {
        switch (value)
        {
            case YamlMapping mapping:
                return mapping.Entries;
            case YamlSequence list when list.Items.All(i => i is YamlMapping):
                return list.Items.SelectMany(i => ((YamlMapping)i).Entries);
            default:
                diagnostics.Add(Errors.MergeNeedsMapping(value.Span));
                return [];
        }
    }

    private YamlNode Resolve(AnchorAlias alias, Span span)
    {
        if (!anchors.TryGetValue(alias.Value.Value, out var target))
            throw new Refused(Errors.UnknownAlias(span, alias.Value.Value, anchors.Keys));
        return target ?? throw new Refused(Errors.SelfReference(span, alias.Value.Value));
    }

    private YamlNode Count(YamlNode node, Span span)
    {
        Count(node.Size, span);
        return node;
    }

    private void Count(int more, Span span)
    {
        nodes += more;
        if (nodes > Limits.Nodes)
            throw new Refused(Errors.TooManyNodes(span));
    }

    private ParsingEvent Move()
    {
        var before = parser.Current;
        if (!parser.MoveNext())
            throw new InvalidOperationException("the text ends early");
        var now = parser.Current!;
        if (now is MappingEnd or SequenceEnd)
            open.Pop();
        else
            CheckComma(before, now);
        if (now is MappingStart or SequenceStart)
            open.Push(now is MappingStart { Style: MappingStyle.Flow } or SequenceStart { Style: SequenceStyle.Flow });
        return now;
    }

    /// <summary>Behind a bracket within brackets the parser does without a ',', and other readers of the same file do not.</summary>
    private void CheckComma(ParsingEvent? before, ParsingEvent now)
    {
        if (before is not (MappingEnd or SequenceEnd) || !open.TryPeek(out var inBrackets) || !inBrackets)
            return;
        // The bracket itself is where the end of an explicit collection stands.
        var (bracket, next) = ((int)before.Start.Index, (int)now.Start.Index);
        if (bracket < next && next <= text.Length && (text[bracket] is ']' or '}') && text.AsSpan(bracket, next - bracket).IndexOfAny(',', ':') < 0)
            throw new Refused(Errors.Syntax(Place(now.Start, now.Start), "a ',' is missing before this, in a flow collection"));
    }

    private void Next<T>()
    {
        if (Move() is not T)
            throw new InvalidOperationException($"expected {typeof(T).Name}");
    }

    private static Span Place(Mark start, Mark end) =>
        new((int)Math.Max(1, start.Line), (int)Math.Max(1, start.Column), (int)Math.Max(1, end.Line), (int)Math.Max(1, end.Column));

    /// <summary>Ends reading at once: what comes after has no meaning, or no bound.</summary>
    private sealed class Refused(Diagnostic diagnostic) : Exception(diagnostic.Message)
    {
        public Diagnostic Diagnostic { get; } = diagnostic;
    }
}
