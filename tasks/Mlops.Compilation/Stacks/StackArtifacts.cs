using System.Text.Json.Nodes;
using Mlops.Compilation.Pipeline;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// The three templates, and files with what the configuration gives their parameters: parameters.json for the build, parameters.STAGE.json
/// for a stage, by template in the form of CodePipeline's "template configuration file". What only publishing knows is in neither.
/// </summary>
internal static class StackArtifacts
{
    public static IEnumerable<Artifact> Make(ModelPlan plan, SourceKeys sources)
    {
        var build = BuildStack.Make(plan);
        yield return Template(BuildStack.Template, build);
        yield return Parameters(ArtifactFiles.BuildParameters, plan, [(BuildStack.Template, build.Values)]);
        if (plan.Stages.Count == 0)
            yield break;
        var deploy = DeployStack.Make(plan);
        yield return Template(DeployStack.Template, deploy.Template);
        var monitor = MonitorStack.Make(plan, sources);
        if (monitor is { } found)
            yield return Template(MonitorStack.Template, found.Template);
        foreach (var stage in plan.Stages.Select(s => s.Name))
        {
            List<(string, IReadOnlyDictionary<string, string>)> values = [(DeployStack.Template, deploy.Values[stage])];
            if (monitor?.Values.TryGetValue(stage, out var watched) == true)
                values.Add((MonitorStack.Template, watched));
            yield return Parameters(ArtifactFiles.StageParameters(stage), plan, values);
        }
    }

    private static Artifact Template(string name, StackTemplate template) => new(ArtifactFiles.Template(name), Json.Write(template.ToJson()));

    private static Artifact Parameters(string name, ModelPlan plan, IEnumerable<(string Template, IReadOnlyDictionary<string, string> Values)> templates)
    {
        var json = new JsonObject();
        foreach (var (template, values) in templates)
            json[template] = new JsonObject { ["Parameters"] = Texts(values), ["Tags"] = Texts(plan.Tags) };
        return new Artifact(name, Json.Write(json));

        static JsonObject Texts(IReadOnlyDictionary<string, string> values) =>
            new(values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => KeyValuePair.Create(v.Key, (JsonNode?)JsonValue.Create(v.Value))));
    }
}
