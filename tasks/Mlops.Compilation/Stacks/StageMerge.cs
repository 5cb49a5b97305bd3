using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// One template of several stages': what is alike stands once; what differs is chosen by the parameter Stage, with conditions that are
/// named by the stages that they hold for. So a stage is a stack of the same template, and a reader sees what sets it apart.
/// </summary>
internal sealed class StageMerge
{
    public const string Parameter = "Stage";

    private const string Unused = "none";

    /// <summary>Fn::Or takes 2 to 10 conditions.</summary>
    private const int MostAlternatives = 10;

    /// <summary>Logical names have 255 characters at most ("CloudFormation quotas"); some are left for a number.</summary>
    private const int LongestName = 200;

    private readonly IReadOnlyList<string> stages;
    private readonly StackTemplate merged;

    private StageMerge(string description, IReadOnlyList<string> stages)
    {
        this.stages = stages;
        merged = new StackTemplate(description);
        merged.Parameter(Parameter, "The stage that this stack is.");
        merged.Parameters[Parameter]!["AllowedValues"] = new JsonArray([.. stages.Select(s => JsonValue.Create(s))]);
    }

    public static StackTemplate Merge(string description, IReadOnlyList<(string Stage, StackTemplate Template)> templates)
    {
        var merge = new StageMerge(description, [.. templates.Select(t => t.Stage)]);
        foreach (var template in templates.Select(t => t.Template))
            template.WithoutUnused();
        foreach (var (name, parameter) in templates.SelectMany(t => t.Template.Parameters))
            merge.merged.Parameters.TryAdd(name, parameter!.DeepClone());
        merge.MergeParts(merge.merged.Resources, [.. templates.Select(t => (t.Stage, t.Template.Resources))]);
        merge.MergeParts(merge.merged.Outputs, [.. templates.Select(t => (t.Stage, t.Template.Outputs))]);
        merge.FillUp(templates.Select(t => t.Template));
        return merge.merged.WithoutUnused();
    }

    /// <summary>CloudFormation wants a value of every parameter, also where a stage has no use for it.</summary>
    private void FillUp(IEnumerable<StackTemplate> templates)
    {
        foreach (var template in templates)
        {
            foreach (var (name, parameter) in merged.Parameters.Where(p => !template.Parameters.ContainsKey(p.Key)))
                template.Values[name] = parameter!["Type"]!.GetValue<string>() == "Number" ? "0" : Unused;
        }
    }

    private void MergeParts(JsonObject target, IReadOnlyList<(string Stage, JsonObject Parts)> sources)
    {
        foreach (var id in sources.SelectMany(s => s.Parts).Select(p => p.Key).Distinct(StringComparer.Ordinal).ToList())
        {
            var having = sources.Where(s => s.Parts.ContainsKey(id)).Select(s => (s.Stage, Node: s.Parts[id])).ToList();
            var part = (JsonObject)Merge(having)!;
            if (having.Count < stages.Count)
                part.Insert(part.ContainsKey("Type") ? 1 : 0, "Condition", Condition([.. having.Select(h => h.Stage)]));
            target[id] = part;
        }
    }

    private JsonNode? Merge(IReadOnlyList<(string Stage, JsonNode? Node)> versions)
    {
        var groups = versions.GroupBy(v => Json.Canonical(v.Node)).Select(g => (Stages: g.Select(v => v.Stage).ToList(), g.First().Node)).ToList();
        if (groups.Count == 1)
            return groups[0].Node?.DeepClone();
        if (versions.All(v => v.Node is JsonObject && !Cfn.IsIntrinsic(v.Node)))
        {
            var all = new JsonObject();
            foreach (var key in versions.SelectMany(v => (JsonObject)v.Node!).Select(p => p.Key).Distinct(StringComparer.Ordinal))
            {
                if (key == "DependsOn")
                    all[key] = new JsonArray([.. versions.SelectMany(v => v.Node![key] as JsonArray ?? []).Select(d => d!.GetValue<string>()).Distinct(StringComparer.Ordinal).Select(d => JsonValue.Create(d))]);
                else if (versions.All(v => v.Node is JsonObject o && o.ContainsKey(key)))
                    all[key] = Merge([.. versions.Select(v => (v.Stage, v.Node![key]))]);
                else
                    all[key] = Choose([.. versions.Select(v => (v.Stage, ((JsonObject)v.Node!).ContainsKey(key) ? v.Node[key] : Cfn.NoValue))]);
            }

            return all;
        }

        if (versions[0].Node is JsonArray first && versions.All(v => v.Node is JsonArray a && a.Count == first.Count))
            return new JsonArray([.. Enumerable.Range(0, first.Count).Select(i => Merge([.. versions.Select(v => (v.Stage, v.Node![i]))]))]);
        return Choose(versions);
    }

    /// <summary>Fn::If after Fn::If; the last group is what is left.</summary>
    private JsonNode? Choose(IReadOnlyList<(string Stage, JsonNode? Node)> versions)
    {
        var groups = versions.GroupBy(v => Json.Canonical(v.Node)).Select(g => (Stages: g.Select(v => v.Stage).ToList(), g.First().Node)).ToList();
        var result = groups[^1].Node?.DeepClone();
        for (var i = groups.Count - 2; i >= 0; i--)
            result = Cfn.If(Condition(groups[i].Stages), groups[i].Node?.DeepClone(), result);
        return result;
    }

    private string Condition(IReadOnlyList<string> of)
    {
        var condition = AnyOf([.. of.Select(s => new JsonObject { ["Fn::Equals"] = new JsonArray(Cfn.Ref(Parameter), s) })]);
        var stem = "Is" + string.Join("Or", of.Select(Retraining.Pascal));
        if (stem.Length > LongestName)
            stem = "IsOneOf" + Digest.Of(string.Join(',', of))[..16];
        // 'eu-1' and 'eu1' read alike here, and 'a-or-b' like 'a' and 'b': the second of a name has a number.
        var name = stem;
        for (var i = 2; merged.Conditions.TryGetPropertyValue(name, out var there) && !JsonNode.DeepEquals(there, condition); i++)
            name = $"{stem}{i}";
        merged.Conditions[name] = condition;
        return name;
    }

    private static JsonObject AnyOf(IReadOnlyList<JsonObject> alternatives) => alternatives.Count switch
    {
        1 => alternatives[0],
        <= MostAlternatives => new JsonObject { ["Fn::Or"] = new JsonArray([.. alternatives]) },
        _ => AnyOf([.. alternatives.Chunk(MostAlternatives).Select(c => AnyOf(c))]),
    };
}
