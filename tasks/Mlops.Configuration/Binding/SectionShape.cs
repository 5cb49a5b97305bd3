using System.Collections.Concurrent;
using System.Reflection;

namespace Mlops.Configuration.Binding;

/// <summary>What a section's type says of itself: the one source for the binder, the schema and the reference.</summary>
internal sealed class SectionShape
{
    private static readonly ConcurrentDictionary<Type, SectionShape> Shapes = new();

    private SectionShape(Type type)
    {
        Type = type;
        var section = type.GetCustomAttribute<SectionAttribute>() ?? throw new InvalidOperationException($"{type} has no [Section].");
        Title = section.Title;
        ScalarKey = section.ScalarKey;
        Keys = type.GetProperties()
            .Select(p => (Property: p, Key: p.GetCustomAttribute<KeyAttribute>()))
            .Where(p => p.Key is not null)
            .OrderBy(p => IsShared(p.Property)).ThenBy(p => IsShared(p.Property) ? -Depth(p.Property.DeclaringType!) : Depth(p.Property.DeclaringType!))
            .ThenBy(p => p.Property.MetadataToken)
            .Select(p => new KeyShape(p.Property, p.Key!))
            .ToDictionary(k => k.Key.Name, StringComparer.Ordinal);
    }

    public Type Type { get; }

    public string Title { get; }

    public string? ScalarKey { get; }

    public IReadOnlyDictionary<string, KeyShape> Keys { get; }

    public static SectionShape Of(Type type) => Shapes.GetOrAdd(type, t => new SectionShape(t));

    private static bool IsShared(PropertyInfo key) => key.DeclaringType!.IsDefined(typeof(SharedKeysAttribute), inherit: false);

    /// <summary>How many types a type is derived from.</summary>
    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;

    public Section New() => (Section)Activator.CreateInstance(Type)!;
}

internal sealed class KeyShape(PropertyInfo property, KeyAttribute key)
{
    private Converter? converter;

    public PropertyInfo Property { get; } = property;

    public KeyAttribute Key { get; } = key;

    /// <summary>Made on first use: sections may hold sections of their own kind.</summary>
    public Converter Converter => converter ??= Converter.For(Property.PropertyType, Key, Property);
}
