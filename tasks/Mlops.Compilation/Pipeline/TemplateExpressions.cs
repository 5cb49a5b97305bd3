using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Checks;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>The language's <c>${...}</c> as the definition's expressions. The result is always a string there: job arguments are strings.</summary>
internal sealed class TemplateExpressions(IReadOnlyList<PlannedParameter> parameters)
{
    public JsonNode Text(Template template) => template.Parts switch
    {
        [] => JsonValue.Create(""),
        [LiteralPart literal] => JsonValue.Create(literal.Text),
        [ParameterPart part] when TypeOf(part) == ParameterType.String => Part(part),
        [RunIdPart or GitCommitPart] => Part(template.Parts[0]),
        var parts => Expression.Joined("", parts.Select(Part)),
    };

    public JsonObject Texts(IReadOnlyDictionary<string, Template> map)
    {
        var json = new JsonObject();
        foreach (var (name, template) in map)
            json[name] = Text(template);
        return json;
    }

    private static JsonNode Part(TemplatePart part) => part switch
    {
        LiteralPart literal => JsonValue.Create(literal.Text),
        ParameterPart parameter => Expression.Parameter(parameter.Name),
        RunIdPart => Expression.Reference("Execution.PipelineExecutionId"),
        GitCommitPart => Expression.Parameter(ReservedNames.GitCommit),
        StepOutputPart output => Expression.Reference($"Steps.{output.Step}.OutputParameters['{output.Output}']"),
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };

    private ParameterType TypeOf(ParameterPart part) => parameters.First(p => p.Name == part.Name).Type;
}
