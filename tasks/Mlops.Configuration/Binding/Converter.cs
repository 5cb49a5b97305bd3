using System.Reflection;
using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

internal enum Many
{
    One,
    List,
    Map,
}

/// <summary>Turns a node into what a key holds. Null means: could not be read, and the reason was reported.</summary>
internal abstract class Converter
{
    /// <summary>What is taken, in words, for messages.</summary>
    public abstract string Expected { get; }

    /// <summary>The section that is taken, by itself or in a list or map, or those that a 'kind' chooses from; empty: scalars.</summary>
    public virtual IReadOnlyList<SectionChoice> Sections => [];

    public virtual Many Many => Many.One;

    /// <summary>A map that may be written as a list of names.</summary>
    public virtual bool ListForm => false;

    /// <summary>The bounds of a number, count or length, in words; empty: none.</summary>
    public virtual string Range => "";

    /// <summary>What an editor may check of it, in JSON Schema's words.</summary>
    public abstract JsonObject Schema();

    public abstract object? Convert(YamlNode node, string key, DiagnosticBag diagnostics);

    /// <summary>The converter for a property's type: a section, a scalar, a list or a map of these.</summary>
    public static Converter For(Type type, KeyAttribute key, MemberInfo? member = null)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsSubclassOf(typeof(Section)))
            return type.IsAbstract ? new KindConverter(type) : new SectionConverter(type);
        if (type == typeof(Template))
            return new TemplateConverter();
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        var argument = type.IsGenericType ? type.GetGenericArguments()[0] : null;
        if (definition == typeof(Located<>))
            return Make(typeof(LocatedConverter<>), argument!, ScalarTypes.For(argument!)!, key);
        if (definition == typeof(Given<>))
            return Make(typeof(GivenConverter<>), argument!, Make(typeof(LocatedConverter<>), argument!, ScalarTypes.For(argument!)!, key));
        if (definition == typeof(IReadOnlyList<>))
            return Make(typeof(ListConverter<>), argument!, For(argument!, key.OfItems()), key);
        if (definition == typeof(NamedMap<>))
        {
            var names = member?.GetCustomAttribute<NamesAttribute>()?.What;
            var listForm = member?.GetCustomAttribute<ListFormAttribute>() is not null;
            return Make(typeof(MapConverter<>), argument!, For(argument!, key.OfItems()), key, names, listForm);
        }

        throw new InvalidOperationException($"'{key.Name}' has the type {type}, which no converter reads.");
    }

    protected static string Kind(YamlNode node) => node switch
    {
        YamlSequence => "a list",
        YamlMapping => "a mapping",
        YamlScalar { IsNull: true } => "nothing",
        _ => "a single value",
    };

    private static Converter Make(Type generic, Type argument, params object?[] arguments) =>
        (Converter)Activator.CreateInstance(generic.MakeGenericType(argument), arguments)!;
}

/// <param name="Kind">The value of 'kind' that chooses it; null: there is no choice.</param>
internal sealed record SectionChoice(string? Kind, Type Section);
