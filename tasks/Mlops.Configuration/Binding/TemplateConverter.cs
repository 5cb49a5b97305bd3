using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Values;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Binding;

/// <summary>A text with references: it has no place of its own type, since maps and lists hold it as it is.</summary>
internal sealed class TemplateConverter : Converter
{
    public override string Expected => "a text or a number";

    public override JsonObject Schema() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    public override object? Convert(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        if (node is not YamlScalar scalar || scalar.IsNull)
        {
            diagnostics.Add(Errors.WrongKind(node.Span, key, Expected, Kind(node)));
            return null;
        }

        var template = Template.Parse(scalar.Text, out var malformed);
        if (template is null)
            diagnostics.Add(Errors.MalformedReference(scalar.Span, malformed!));
        return template is null ? null : template with { Span = scalar.Span };
    }
}
