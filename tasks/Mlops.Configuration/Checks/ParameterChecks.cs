using System.Text.RegularExpressions;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Pipeline parameters: defaults fit their types, references name a parameter, each is used.</summary>
internal static class ParameterChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        var parameters = config.Build?.Parameters ?? NamedMap<ParameterSection>.Empty;
        foreach (var entry in parameters)
            CheckParameter(entry, diagnostics);

        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var template in Templates(config))
        {
            foreach (var part in template.Parts.OfType<ParameterPart>())
            {
                used.Add(part.Name);
                if (parameters.Find(part.Name) is null && config.Build?.Unreadable.Contains("parameters") != true)
                    diagnostics.Add(Errors.UnknownParameter(template.Span, part.Name, [.. parameters.Names]));
            }
        }

        CheckMetrics(config, diagnostics);
        foreach (var template in ServingTemplates(config).Where(t => !t.IsLiteral))
            diagnostics.Add(Errors.ReferenceNotAllowed(template.Span, "environment"));
        foreach (var unused in parameters.Where(p => p.Value is not null && !used.Contains(p.Name)))
            diagnostics.Add(Errors.UnusedParameter(unused.NameSpan, unused.Name));
    }

    /// <summary>SageMaker takes the first group of the match as the metric's value.</summary>
    private static void CheckMetrics(ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var (name, _, template) in config.Build?.Train?.Metrics ?? NamedMap<Template>.Empty)
        {
            if (template is null)
                continue;
            if (!template.IsLiteral)
            {
                diagnostics.Add(Errors.ReferenceNotAllowed(template.Span, "metrics"));
                continue;
            }

            try
            {
                if (new Regex(template.Text, RegexOptions.CultureInvariant).GetGroupNumbers().Length < 2)
                    diagnostics.Add(Errors.NotARegex(template.Span, name, "it has no group. Put parentheses around the number: 'loss=([0-9.]+)'."));
            }
            catch (ArgumentException e)
            {
                diagnostics.Add(Errors.NotARegex(template.Span, name, e.Message));
            }
        }
    }

    private static void CheckParameter(NamedEntry<ParameterSection> entry, DiagnosticBag diagnostics)
    {
        if (ReservedNames.IsReserved(entry.Name))
            diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "a parameter that the SDK fills in at publish"));
        if (entry.Value is not { } parameter)
            return;
        var type = parameter.Type?.Value ?? ParameterType.String;
        if (parameter.Default is { } value && !Fits(value.Value, type))
            diagnostics.Add(Errors.ParameterDefault(value.Span, value.Value, Words(type)));
        if (parameter.Allowed is not { } allowed)
            return;
        if (type != ParameterType.String)
            diagnostics.Add(Errors.NoEffect(allowed[0].Span, "allowed", "SageMaker restricts string parameters only. Remove it, or make the parameter a string."));
        else if (parameter.Default is { } given && allowed.All(a => a.Value != given.Value))
            diagnostics.Add(Errors.UnknownChoice(given.Span, "default", given.Value, [.. allowed.Select(a => a.Value)]));
    }

    private static bool Fits(string value, ParameterType type) => type switch
    {
        ParameterType.Integer => ScalarTypes.Integer(value) is not null,
        ParameterType.Float => ScalarTypes.Number(value) is not null,
        ParameterType.Boolean => value is "true" or "True" or "TRUE" or "false" or "False" or "FALSE",
        _ => true,
    };

    private static string Words(ParameterType type) => type switch
    {
        ParameterType.Integer => "a whole number",
        ParameterType.Float => "a number",
        _ => "true or false",
    };

    private static IEnumerable<Template> Templates(ModelConfig config)
    {
        foreach (var (_, step) in config.Steps)
        {
            var maps = new[] { step.Environment, (step as TrainSection)?.Hyperparameters };
            foreach (var template in maps.SelectMany(Values).Concat((step as ProcessingSection)?.Arguments ?? []))
                yield return template;
        }

        foreach (var template in Values(config.Build?.Register?.Metadata))
            yield return template;
    }

    private static IEnumerable<Template> ServingTemplates(ModelConfig config) =>
        Values(config.Inference?.Environment).Concat((config.Deploy ?? []).SelectMany(s => Values(s.Environment)));

    private static IEnumerable<Template> Values(NamedMap<Template>? map) => (map ?? NamedMap<Template>.Empty).Select(e => e.Value).OfType<Template>();
}
