using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>The language's <c>${...}</c> as the definition's expressions.</summary>
internal sealed class TemplateExpressions(ModelPlan plan)
{
    /// <summary>As a string, which is what job arguments are: a reference of another type is joined.</summary>
    public JsonNode Text(Template template) => template.Parts switch
    {
        [] => JsonValue.Create(""),
        [LiteralPart or RunIdPart or GitCommitPart] => Part(template.Parts[0]),
        [var part] when TypeOf(part) == ParameterType.String => Part(part),
        var parts => Expression.Joined("", parts.Select(Part)),
    };

    /// <summary>With its own type: a reference alone is what it refers to.</summary>
    public JsonNode Value(Template template) => template.Parts is [var part] ? Part(part) : Text(template);

    public JsonObject Texts(IReadOnlyDictionary<string, Template> map) => Map(map, Text);

    public JsonObject Values(IReadOnlyDictionary<string, Template> map) => Map(map, Value);

    private static JsonObject Map(IReadOnlyDictionary<string, Template> map, Func<Template, JsonNode> convert)
    {
        var json = new JsonObject();
        foreach (var (name, template) in map)
            json[name] = convert(template);
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

    private ParameterType TypeOf(TemplatePart part) => part switch
    {
        ParameterPart p => plan.Parameters.FirstOrDefault(x => x.Name == p.Name)?.Type ?? ParameterType.String, // Those that publish fills in are strings.
        StepOutputPart o => plan.AllSteps.OfType<PlannedQuestion>().First(q => q.Name == o.Step).Outputs.First(x => x.Name == o.Output).Type,
        _ => ParameterType.String,
    };
}
