using System.Collections;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Reports;

/// <summary>A key of the effective configuration.</summary>
/// <param name="Path">Such as <c>build.train.instance.type</c>; items of lists by number, from 0.</param>
/// <param name="Value">As one would write it; where it is no fixed value, what it is in words.</param>
/// <param name="Place">Of a value that the file gives; null: a default, or given at build time.</param>
/// <param name="Source">In words: config.yaml(3,9), default, the key that it is taken from, or the command line.</param>
public sealed record EffectiveValue(string Path, string Value, Span? Place, string Source);

/// <summary>The configuration with every default filled in, and where each value comes from.</summary>
public static class EffectiveConfig
{
    private const string Default = "default";

    public static IReadOnlyList<EffectiveValue> Of(ModelConfig config, string file, Overrides? overrides = null)
    {
        var values = new List<EffectiveValue>();
        Visit("", config, null, new Context(config, file, overrides ?? Overrides.None, values));
        return values;
    }

    private sealed record Context(ModelConfig Config, string File, Overrides Overrides, List<EffectiveValue> Values)
    {
        public void Add(string path, object value, Span place)
        {
            var given = Overrides.PathAt(place) is not null;
            Values.Add(new(path, Written(value), given ? null : place, given ? "given at build time" : $"{File}{place}"));
        }
    }

    /// <param name="fallback">The section that single keys come from where they are left out; null: from their own defaults.</param>
    private static void Visit(string path, Section section, string? fallback, Context context)
    {
        foreach (var key in SectionShape.Of(section.GetType()).Keys.Values)
        {
            var at = path.Length == 0 ? key.Key.Name : $"{path}.{key.Key.Name}";
            if (key.Property.GetValue(section) is Section inner)
                Visit(at, inner, key.Key.KeyByKey ? key.Key.DefaultFrom : fallback is null ? null : $"{fallback}.{key.Key.Name}", context);
            else if (key.Property.GetValue(section) is { } value)
                VisitValue(at, value, context);
            else if (fallback is null || !AddInherited(at, $"{fallback}.{key.Key.Name}", context))
                VisitDefault(at, key.Key, context);
        }
    }

    private static void VisitValue(string path, object value, Context context)
    {
        switch (value)
        {
            case Section section:
                Visit(path, section, null, context);
                break;
            case Template template:
                context.Add(path, template.Text, template.Span);
                break;
            case INamedMap map:
                foreach (var (name, named) in map.Values)
                {
                    if (named is not null)
                        VisitValue($"{path}.{name}", named, context);
                }

                break;
            case IEnumerable items and not string:
                var index = 0;
                foreach (var item in items)
                    VisitValue($"{path}[{index++}]", item, context);
                break;
            default:
                var (inner, place) = Opened(value);
                context.Add(path, inner, place);
                break;
        }
    }

    private static void VisitDefault(string path, KeyAttribute key, Context context)
    {
        if (key.DefaultFrom is { } other)
            AddInherited(path, other, context);
        else if ((key.Default ?? key.DefaultText) is { } text)
            context.Values.Add(new(path, text, null, Default));
    }

    /// <summary>A key that is taken from another: that one's value, wherever it comes from.</summary>
    /// <returns>Whether there is one.</returns>
    private static bool AddInherited(string path, string other, Context context)
    {
        object? at = context.Config;
        KeyAttribute? key = null;
        foreach (var name in other.Split('.'))
        {
            if (at is not Section section || !SectionShape.Of(section.GetType()).Keys.TryGetValue(name, out var shape))
            {
                (at, key) = (null, null);
                break;
            }

            (at, key) = (shape.Property.GetValue(section), shape.Key);
        }

        switch (at)
        {
            case Section section:
                var inner = context with { Values = [] };
                Visit(path, section, null, inner);
                context.Values.AddRange(inner.Values.Select(v => v with { Source = $"that of {other}, {v.Source}" }));
                return true;
            case null when key?.DefaultFrom is { } further:
                return AddInherited(path, further, context);
            case null when (key?.Default ?? key?.DefaultText) is { } text:
                context.Values.Add(new(path, text, null, $"{Default} of {other}"));
                return true;
            case null:
                return false;
            case IEnumerable and not INamedMap:
                VisitValue(path, at, context);
                return true;
            case INamedMap:
                return false;
            default:
                var (value, place) = Opened(at);
                context.Values.Add(new(path, Written(value), place, $"that of {other}, {context.File}{place}"));
                return true;
        }
    }

    /// <summary>The value and the place of a <see cref="Located{T}"/> or <see cref="Given{T}"/>.</summary>
    private static (object Value, Span Place) Opened(object value)
    {
        var type = value.GetType();
        return (type.GetProperty("Value")!.GetValue(value)!, (Span)type.GetProperty("Span")!.GetValue(value)!);
    }

    private static string Written(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        Enum word => Words.Snake(word),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
