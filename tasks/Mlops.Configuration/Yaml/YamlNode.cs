using Mlops.Configuration.Text;

namespace Mlops.Configuration.Yaml;

/// <summary>A value of the file, with its place. An alias is the very node that its anchor names.</summary>
/// <param name="Size">How many nodes it stands for, itself and aliases included.</param>
public abstract record YamlNode(Span Span, int Size);

/// <param name="Quoted">Written in quotes or as a block: a string, whatever it looks like.</param>
public sealed record YamlScalar(Span Span, string Text, bool Quoted) : YamlNode(Span, 1)
{
    /// <summary>Null in YAML 1.2's core schema: nothing, ~, null.</summary>
    public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");
}

public sealed record YamlSequence(Span Span, int Size, IReadOnlyList<YamlNode> Items) : YamlNode(Span, Size);

public sealed record YamlMapping(Span Span, int Size, IReadOnlyList<YamlEntry> Entries) : YamlNode(Span, Size)
{
    public YamlEntry? this[string key] => Entries.FirstOrDefault(e => e.Key == key);

    /// <summary>A mapping begins at its first key; an empty one where its brackets are.</summary>
    public Span Start => Entries.Count > 0 ? Entries[0].KeySpan : Span;
}

public sealed record YamlEntry(string Key, Span KeySpan, YamlNode Value);
