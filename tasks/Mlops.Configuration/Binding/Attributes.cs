namespace Mlops.Configuration.Binding;

/// <summary>A key of a section: its name, and the sentence that the reference, the schema and the errors show.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KeyAttribute(string name, string purpose) : Attribute
{
    public string Name { get; } = name;

    public string Purpose { get; } = purpose;

    public bool Required { get; init; }

    /// <summary>The value that holds when the key is left out, as one would write it.</summary>
    public string? Default { get; init; }

    /// <summary>What holds when the key is left out, where that is no fixed value.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Lowest and highest number, count or length, both inclusive; NaN: none.</summary>
    public double Min { get; init; } = double.NaN;

    public double Max { get; init; } = double.NaN;

    /// <summary>A regular expression that the whole text must match, and its meaning in words.</summary>
    public string? Pattern { get; init; }

    public string? PatternMeaning { get; init; }

    /// <summary>A value as a person would write it, for the reference and for editors.</summary>
    public string? Example { get; init; }

    /// <summary>The path of the key whose value holds when this one is left out: <c>build.cache</c>.</summary>
    public string? DefaultFrom { get; init; }

    /// <summary>The section of <see cref="DefaultFrom"/> holds also for single keys that are left out of this one.</summary>
    public bool KeyByKey { get; init; }

    /// <summary>The kinds of ARN that are taken, SERVICE:RESOURCE PREFIX, separated by '|'.</summary>
    public string? Arn { get; init; }

    /// <summary>For the items of a list or map: how many there may be says nothing of each.</summary>
    internal KeyAttribute OfItems() => new(Name, Purpose) { Pattern = Pattern, PatternMeaning = PatternMeaning, Arn = Arn, Example = Example };
}

/// <summary>What a section is called in a message: "the stage", "'model'".</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SectionAttribute(string title) : Attribute
{
    public string Title { get; } = title;

    /// <summary>The key that a scalar in place of the section stands for: <c>train: preprocess.train</c>.</summary>
    public string? ScalarKey { get; init; }
}

/// <summary>One of the sections that stand in place of an abstract one: the value of its key 'kind', and its type.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class KindAttribute(string name, Type section) : Attribute
{
    public string Name { get; } = name;

    public Type Section { get; } = section;
}

/// <summary>Keys that many sections share: they come behind a section's own.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SharedKeysAttribute : Attribute;

/// <summary>A map whose names are names of the language (letters, digits, single '-'), called so in a message.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NamesAttribute(string what) : Attribute
{
    public string What { get; } = what;
}

/// <summary>A map that may be written as a list: <c>[train, test]</c> is short for <c>{ train: {}, test: {} }</c>, <c>[a, s.b]</c> for <c>{ a: a, b: s.b }</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListFormAttribute : Attribute;
