using System.Collections;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Values;

/// <summary>A mapping with names that the user chose, in the order of the file. A value that could not be read is null: its name still counts.</summary>
public sealed class NamedMap<T>(Span span, IReadOnlyList<NamedEntry<T>> entries) : IReadOnlyList<NamedEntry<T>>, INamedMap
    where T : class
{
    public static NamedMap<T> Empty { get; } = new(Span.Start, []);

    public Span Span { get; } = span;

    public int Count => entries.Count;

    public IEnumerable<string> Names => entries.Select(e => e.Name);

    public NamedEntry<T> this[int index] => entries[index];

    public NamedEntry<T>? Find(string name) => entries.FirstOrDefault(e => e.Name == name);

    IEnumerable<(string Name, object? Value)> INamedMap.Values => entries.Select(e => (e.Name, (object?)e.Value));

    public IEnumerator<NamedEntry<T>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The same, whatever its values are.</summary>
internal interface INamedMap
{
    IEnumerable<(string Name, object? Value)> Values { get; }
}

public sealed record NamedEntry<T>(string Name, Span NameSpan, T? Value)
    where T : class;
