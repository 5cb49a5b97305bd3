using System.Globalization;
using System.Text;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Graph;

/// <summary>The pipeline as a picture: Mermaid's flowchart, which code hosts and editors draw. Data at the left, a box a step, branches with a frame of their own.</summary>
public static class MermaidGraph
{
    public static string Write(ModelPlan plan, PipelineDefinition pipeline)
    {
        var graph = new StepGraph(pipeline);
        var ids = pipeline.AllSteps.Select((s, i) => (s.Name, Id: string.Create(CultureInfo.InvariantCulture, $"s{i}"))).ToDictionary(s => s.Name, s => s.Id, StringComparer.Ordinal);
        var text = new StringBuilder("flowchart LR\n");
        foreach (var (data, i) in plan.Data.Select((d, i) => (d, i)))
            text.Append(CultureInfo.InvariantCulture, $"  d{i}[({Label(data.Name)})]\n");
        foreach (var step in pipeline.Steps)
            WriteStep(text, step, ids, "  ");
        foreach (var (data, i) in plan.Data.Select((d, i) => (d, i)))
        {
            foreach (var reader in plan.AllSteps.Where(s => Reads(s, data)))
                text.Append(CultureInfo.InvariantCulture, $"  d{i} --> {ids[reader.Name]}\n");
        }

        var nestedIn = pipeline.AllSteps.SelectMany(c => c.IfSteps.Concat(c.ElseSteps).Select(n => (n.Name, Condition: c.Name))).ToDictionary(n => n.Name, n => n.Condition, StringComparer.Ordinal);
        foreach (var step in pipeline.AllSteps)
        {
            var waits = graph.WaitsFor(step.Name);
            var indirect = waits.SelectMany(graph.WaitsForAll).ToHashSet(StringComparer.Ordinal);
            // What is waited for by way of another step is not drawn again; the frame shows what hangs on a condition.
            foreach (var before in waits.Where(w => nestedIn.GetValueOrDefault(step.Name) != w && !indirect.Contains(w)).OrderBy(w => ids[w].Length).ThenBy(w => ids[w], StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"  {ids[before]} --> {ids[step.Name]}\n");
            foreach (var (branch, word) in new[] { (step.IfSteps, "yes"), (step.ElseSteps, "no") })
            {
                foreach (var next in branch.Where(b => !graph.WaitsFor(b.Name).Any(w => branch.Any(o => o.Name == w))))
                    text.Append(CultureInfo.InvariantCulture, $"  {ids[step.Name]} -->|{word}| {ids[next.Name]}\n");
            }
        }

        return text.ToString();
    }

    private static void WriteStep(StringBuilder text, PipelineStep step, Dictionary<string, string> ids, string indent)
    {
        var (open, close) = step.Type switch
        {
            StepTypes.Condition => ("{", "}"),
            StepTypes.Fail => ("{{", "}}"),
            StepTypes.RegisterModel or StepTypes.Model => ("[[", "]]"),
            StepTypes.Lambda or StepTypes.Callback or StepTypes.Emr => ("[/", "/]"),
            _ => ("[", "]"),
        };
        text.Append(CultureInfo.InvariantCulture, $"{indent}{ids[step.Name]}{open}{Label(step.Type is StepTypes.Condition or StepTypes.Fail ? step.Name : $"{step.Name}<br/>{step.Type}")}{close}\n");
        foreach (var (branch, word) in new[] { (step.IfSteps, "yes"), (step.ElseSteps, "no") })
        {
            if (branch.Count == 0)
                continue;
            text.Append(CultureInfo.InvariantCulture, $"{indent}subgraph {ids[step.Name]}{word}[{Label($"{step.Name}: {word}")}]\n");
            foreach (var nested in branch)
                WriteStep(text, nested, ids, indent + "  ");
            text.Append(indent).Append("end\n");
        }
    }

    private static bool Reads(PlannedNode step, PlannedData data) => step switch
    {
        PlannedStep job => job.Inputs.Any(i => i.Source is DataInput d && d.Data == data),
        PlannedTransform transform => transform.Data is DataInput d && d.Data == data,
        _ => false,
    };

    /// <summary>Names have letters, digits and '-' alone; quotes keep Mermaid from reading words such as 'end'.</summary>
    private static string Label(string text) => $"\"{text}\"";
}
