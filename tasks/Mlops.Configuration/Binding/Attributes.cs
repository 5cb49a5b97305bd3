namespace Mlops.Configuration.Binding;

/// <summary>A key of a section: its name, and the sentence that the reference, the schema and the errors show.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KeyAttribute(string name, string purpose) : Attribute
{
    public string Name { get; } = name;

    public string Purpose { get; } = purpose;

    public bool Required { get; init; }

    /// <summary>What holds when the key is left out, in words of the language.</summary>
    public string? Default { get; init; }

    /// <summary>Lowest and highest number, count or length, both inclusive; NaN: none.</summary>
    public double Min { get; init; } = double.NaN;

    public double Max { get; init; } = double.NaN;

    /// <summary>A regular expression that the whole text must match, and its meaning in words.</summary>
    public string? Pattern { get; init; }

    public string? PatternMeaning { get; init; }

    /// <summary>For the items of a list or map: how many there may be says nothing of each.</summary>
    internal KeyAttribute OfItems() => new(Name, Purpose) { Pattern = Pattern, PatternMeaning = PatternMeaning };
}

/// <summary>What a section is called in a message: "the stage", "'model'".</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SectionAttribute(string title) : Attribute
{
    public string Title { get; } = title;

    /// <summary>The key that a scalar in place of the section stands for: <c>train: preprocess.train</c>.</summary>
    public string? ScalarKey { get; init; }
}

/// <summary>Keys of the language that this version does not read yet: a message of their own, not "unknown key".</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NotYetAttribute(params string[] keys) : Attribute
{
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>A map whose names are names of the language (letters, digits, single '-'), called so in a message.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NamesAttribute(string what) : Attribute
{
    public string What { get; } = what;
}

/// <summary>A map that may be written as a list: <c>[train, test]</c> is short for <c>{ train: {}, test: {} }</c>, <c>[a, s.b]</c> for <c>{ a: a, b: s.b }</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListFormAttribute : Attribute;
