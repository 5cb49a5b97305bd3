using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>References between data sets and steps: each resolves, and no step waits for itself.</summary>
internal static class ReferenceChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        var data = config.Data ?? NamedMap<DataSet>.Empty;
        var steps = config.Steps.ToList();
        foreach (var entry in data.Where(d => d.Name == "model" || steps.Any(s => s.Name == d.Name)))
            diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, entry.Name == "model" ? "the trained model" : "a step"));

        var outputs = Outputs(config);
        var known = data.Names.Concat(outputs.Keys).ToList();
        var readable = steps.TrueForAll(s => !s.Step.Unreadable.Contains("inputs"));
        var used = new HashSet<string>(StringComparer.Ordinal);
        var waitsFor = steps.ToDictionary(s => s.Name, _ => new List<(string Step, Located<string> Reference)>(), StringComparer.Ordinal);
        foreach (var (name, step) in steps)
        {
            foreach (var reference in (step.Inputs ?? NamedMap<InputSection>.Empty).Select(i => i.Value?.From).OfType<Located<string>>())
            {
                used.Add(reference.Value);
                if (!known.Contains(reference.Value) && !IsOfUnreadable(reference.Value, config))
                    diagnostics.Add(Errors.UnknownReference(reference.Span, reference.Value, known));
                else if (outputs.TryGetValue(reference.Value, out var producer))
                    waitsFor[name].Add((producer, reference));
            }
        }

        foreach (var unused in data.Where(d => readable && config.Build is not null && !used.Contains(d.Name)))
            diagnostics.Add(Errors.UnusedData(unused.NameSpan, unused.Name));
        ReportCycle(waitsFor, diagnostics);
    }

    /// <summary>Whether what is referred to is missing because of a mistake that is reported where it stands.</summary>
    private static bool IsOfUnreadable(string reference, ModelConfig config)
    {
        if (config.Data is null && config.Unreadable.Contains("data") && !reference.Contains('.', StringComparison.Ordinal))
            return true;
        if (reference == "model")
            return config.Build?.Train is null;
        var step = reference.Split('.')[0];
        return config.Build?.Unreadable.Contains(step) == true || config.Steps.Any(s => s.Name == step && s.Step.Unreadable.Contains("outputs"));
    }

    /// <summary>What can be referred to, and the step that makes it.</summary>
    public static Dictionary<string, string> Outputs(ModelConfig config)
    {
        var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
        if (config.Build?.Train is not null)
            outputs["model"] = "train";
        foreach (var (name, step) in config.Steps)
        {
            foreach (var output in (step as ProcessingSection)?.Outputs?.Names ?? [])
                outputs[$"{name}.{output}"] = name;
            if (step is EvaluateSection)
                outputs[$"{name}.report"] = name;
        }

        return outputs;
    }

    private static void ReportCycle(Dictionary<string, List<(string Step, Located<string> Reference)>> waitsFor, DiagnosticBag diagnostics)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in waitsFor.Keys)
        {
            if (Visit(start, []))
                return;
        }

        bool Visit(string step, List<string> path)
        {
            if (done.Contains(step))
                return false;
            path.Add(step);
            foreach (var (next, reference) in waitsFor[step])
            {
                var at = path.IndexOf(next);
                if (at >= 0)
                {
                    diagnostics.Add(Errors.Cycle(reference.Span, path.Skip(at).Append(next)));
                    return true;
                }

                if (Visit(next, path))
                    return true;
            }

            path.RemoveAt(path.Count - 1);
            done.Add(step);
            return false;
        }
    }
}
