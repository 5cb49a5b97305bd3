using System.Reflection;
using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>Binds a mapping to the section that its key 'kind' names.</summary>
internal sealed class KindConverter : Converter
{
    public const string Key = "kind";

    private readonly Dictionary<string, SectionConverter> kinds;
    private readonly string title;

    public KindConverter(Type type)
    {
        title = type.GetCustomAttribute<SectionAttribute>()!.Title;
        Sections = [.. type.GetCustomAttributes<KindAttribute>(inherit: false).Select(k => new SectionChoice(k.Name, k.Section))];
        kinds = Sections.ToDictionary(s => s.Kind!, s => new SectionConverter(s.Section, s.Kind), StringComparer.Ordinal);
    }

    public override string Expected => $"a mapping with a '{Key}'";

    public override IReadOnlyList<SectionChoice> Sections { get; }

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray(Key),
        ["properties"] = new JsonObject { [Key] = new JsonObject { ["enum"] = new JsonArray([.. kinds.Keys.Select(k => JsonValue.Create(k))]) } },
        ["allOf"] = new JsonArray([.. kinds.Select(k => new JsonObject
        {
            ["if"] = new JsonObject { ["properties"] = new JsonObject { [Key] = new JsonObject { ["const"] = k.Key } } },
            ["then"] = k.Value.Schema(),
        })]),
    };

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        if (node is not YamlMapping mapping)
        {
            diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
            return null;
        }

        switch (mapping[Key]?.Value)
        {
            case null or YamlScalar { IsNull: true }:
                diagnostics.Add(Errors.MissingKey(mapping[Key]?.KeySpan ?? mapping.Start, Key, title, $"It takes {Errors.Names([.. kinds.Keys])}."));
                return null;
            case YamlScalar kind when kinds.TryGetValue(kind.Text, out var converter):
                return converter.Convert(mapping, key, diagnostics);
            case YamlScalar kind:
                diagnostics.Add(Errors.UnknownChoice(kind.Span, Key, kind.Text, [.. kinds.Keys]));
                return null;
            case var other:
                diagnostics.Add(Errors.WrongKind(other.Span, Key, $"one of {Errors.Names([.. kinds.Keys])}", Kind(other)));
                return null;
        }
    }
}
