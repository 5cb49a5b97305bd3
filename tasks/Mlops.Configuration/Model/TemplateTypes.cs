using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>What a ${...} stands for: the declared type of a parameter or of a step's answer.</summary>
public static class TemplateTypes
{
    /// <summary>The type of a text that is one reference alone; a text with more around it is a string. Null: unknown, since something could not be read.</summary>
    public static ParameterType? Of(Template template, ModelConfig config) => template.Parts switch
    {
        [ParameterPart p] when config.Build?.Parameters?.Find(p.Name) is not { Value: { } parameter } || parameter.Unreadable.Contains("type") => null,
        [ParameterPart p] => config.Build!.Parameters!.Find(p.Name)!.Value!.Type?.Value ?? ParameterType.String,
        [StepOutputPart o] => config.Steps.Where(s => s.Name == o.Step).SelectMany(s => s.Answers).FirstOrDefault(a => a.Name == o.Output).Type,
        _ => ParameterType.String,
    };

    public static bool Fits(string value, ParameterType type) => type switch
    {
        ParameterType.Integer => ScalarTypes.Integer(value) is not null,
        ParameterType.Float => ScalarTypes.Number(value) is not null,
        ParameterType.Boolean => value is "true" or "True" or "TRUE" or "false" or "False" or "FALSE",
        _ => true,
    };

    public static string Words(ParameterType type) => type switch
    {
        ParameterType.Integer => "a whole number",
        ParameterType.Float => "a number",
        ParameterType.Boolean => "true or false",
        _ => "a text",
    };
}
