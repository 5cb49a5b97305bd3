using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>Named maps of the configuration as plain ones.</summary>
internal static class Maps
{
    public static Dictionary<string, Template> Of(NamedMap<Template>? map) =>
        (map ?? NamedMap<Template>.Empty).ToDictionary(e => e.Name, e => e.Value!, StringComparer.Ordinal);

    public static Dictionary<string, string> Literals(NamedMap<Template>? map) => Of(map).ToDictionary(e => e.Key, e => Text(e.Value), StringComparer.Ordinal);

    public static Template Literal(string text) => new(text, [new LiteralPart(text)]);

    private static string Text(Template template) => string.Concat(template.Parts.OfType<LiteralPart>().Select(p => p.Text));
}
