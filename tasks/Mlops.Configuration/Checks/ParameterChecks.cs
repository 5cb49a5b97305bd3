using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Pipeline parameters and ${...}: defaults fit their types, references name something, each parameter is used.</summary>
internal static class ParameterChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        var parameters = config.Build?.Parameters ?? NamedMap<ParameterSection>.Empty;
        foreach (var entry in parameters)
            CheckParameter(entry, diagnostics);

        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (step, template) in Templates(config))
        {
            foreach (var part in template.Parts)
            {
                if (part is ParameterPart parameter)
                {
                    used.Add(parameter.Name);
                    if (parameters.Find(parameter.Name) is null && config.Build?.Unreadable.Contains("parameters") != true)
                        diagnostics.Add(Errors.UnknownParameter(template.Span, parameter.Name, [.. parameters.Names]));
                }
                else if (part is StepOutputPart output)
                {
                    CheckStepOutput(step, output, template, config, diagnostics);
                }
            }
        }

        foreach (var (key, template) in LiteralTexts(config).Where(t => !t.Template.IsLiteral))
            diagnostics.Add(Errors.ReferenceNotAllowed(template.Span, key));
        CheckGiven(config.Retrain?.Parameters, parameters, config, diagnostics);
        foreach (var unused in parameters.Where(p => p.Value is not null && !used.Contains(p.Name)))
            diagnostics.Add(Errors.UnusedParameter(unused.NameSpan, unused.Name));
    }

    private static void CheckStepOutput(ConfiguredStep? step, StepOutputPart output, Template template, ModelConfig config, DiagnosticBag diagnostics)
    {
        var answers = config.Steps.SelectMany(s => s.Answers.Select(a => $"{s.Name}.{a.Name}")).ToList();
        var name = $"{output.Step}.{output.Output}";
        if (step is null)
            diagnostics.Add(Errors.ReferenceNotAllowed(template.Span, "metadata"));
        else if (!answers.Contains(name) && !ReferenceChecks.IsOfUnreadable(name, config))
            diagnostics.Add(Errors.UnknownStepOutput(template.Span, name, answers));
    }

    private static void CheckParameter(NamedEntry<ParameterSection> entry, DiagnosticBag diagnostics)
    {
        if (ReservedNames.IsReserved(entry.Name))
            diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "a parameter that the SDK fills in at publish"));
        if (entry.Value is not { } parameter)
            return;
        var type = parameter.Type?.Value ?? ParameterType.String;
        if (parameter.Default is { } value && !TemplateTypes.Fits(value.Value, type))
            diagnostics.Add(Errors.ParameterDefault(value.Span, value.Value, TemplateTypes.Words(type)));
        if (parameter.Allowed is not { } allowed)
            return;
        if (type != ParameterType.String)
            diagnostics.Add(Errors.NoEffect(allowed[0].Span, "allowed", "SageMaker restricts string parameters only. Remove it, or make the parameter a string."));
        else if (parameter.Default is { } given && allowed.All(a => a.Value != given.Value))
            diagnostics.Add(Errors.UnknownChoice(given.Span, "default", given.Value, [.. allowed.Select(a => a.Value)]));
    }

    /// <summary>Values for parameters that a run is started with.</summary>
    private static void CheckGiven(NamedMap<Given<string>>? given, NamedMap<ParameterSection> parameters, ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var (name, span, value) in given ?? NamedMap<Given<string>>.Empty)
        {
            if (parameters.Find(name) is not { } declared)
            {
                if (config.Build?.Unreadable.Contains("parameters") != true)
                    diagnostics.Add(Errors.UnknownParameter(span, name, [.. parameters.Names]));
                continue;
            }

            if (value is null || declared.Value is not { } parameter)
                continue;
            var type = parameter.Type?.Value ?? ParameterType.String;
            if (!TemplateTypes.Fits(value.Value, type))
                diagnostics.Add(Errors.ParameterDefault(value.Span, value.Value, TemplateTypes.Words(type)));
            else if (parameter.Allowed is { Count: > 0 } allowed && type == ParameterType.String && allowed.All(a => a.Value != value.Value))
                diagnostics.Add(Errors.UnknownChoice(value.Span, name, value.Value, [.. allowed.Select(a => a.Value)]));
        }
    }

    private static IEnumerable<(ConfiguredStep? Step, Template Template)> Templates(ModelConfig config) =>
        config.Steps.SelectMany(s => s.Templates.Select(t => ((ConfiguredStep?)s, t))).Concat(Values(config.Build?.Register?.Metadata).Select(t => ((ConfiguredStep?)null, t)));

    /// <summary>Texts that must be known when the file is read: what serves knows no run.</summary>
    private static IEnumerable<(string Key, Template Template)> LiteralTexts(ModelConfig config)
    {
        var environments = new[] { config.Inference?.Environment, config.Inference?.Preprocess?.Environment, config.Inference?.Postprocess?.Environment }.Concat((config.Deploy ?? []).Select(s => s.Environment));
        var metrics = config.Steps.Select(s => (s.Section as TrainSection)?.Metrics);
        return environments.SelectMany(Values).Select(t => ("environment", t)).Concat(metrics.SelectMany(Values).Select(t => ("metrics", t)));
    }

    private static IEnumerable<Template> Values(NamedMap<Template>? map) => (map ?? NamedMap<Template>.Empty).Select(e => e.Value).OfType<Template>();
}
