using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>References between data sets and steps: each resolves, and no step waits for itself.</summary>
internal static class ReferenceChecks
{
    /// <summary>Names of steps that the compiler makes by itself.</summary>
    private static readonly string[] MadeSteps = ["register", "quality-gates", "quality-gates-failed", "create-model", "package-model", "bias-before-training", "bias-predict", "explain-sample", "explain-predict", "inference", "inference-preprocess", "inference-postprocess", "program", "sample-payload", "test"];

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        CheckNames(config, diagnostics);
        var data = config.Data ?? NamedMap<DataSet>.Empty;
        var producers = Producers(config);
        var known = data.Names.Concat(producers.Keys).ToList();
        var waitsFor = config.Steps.ToDictionary(s => s.Name, _ => new List<(string Step, Located<string> Reference)>(), StringComparer.Ordinal);
        foreach (var step in config.Steps)
        {
            foreach (var reference in step.Reads)
            {
                if (!known.Contains(reference.Value) && !IsOfUnreadable(reference.Value, config))
                    diagnostics.Add(Errors.UnknownReference(reference.Span, reference.Value, known));
                else if (producers.TryGetValue(reference.Value, out var producer) && producer is not null)
                    waitsFor[step.Name].Add((producer, reference));
            }

            foreach (var reference in step.Section.After ?? [])
            {
                if (waitsFor.ContainsKey(reference.Value))
                    waitsFor[step.Name].Add((reference.Value, reference));
                else if (!IsUnreadableStep(reference.Value, config))
                    diagnostics.Add(Errors.UnknownStep(reference.Span, reference.Value, [.. waitsFor.Keys]));
            }

            foreach (var template in step.Templates)
            {
                foreach (var part in template.Parts.OfType<StepOutputPart>().Where(p => waitsFor.ContainsKey(p.Step)))
                    waitsFor[step.Name].Add((part.Step, new Located<string>(part.Step, template.Span)));
            }
        }

        AddBranches(config, waitsFor);
        ReportCycle(waitsFor, diagnostics);
    }

    /// <summary>What can be referred to, and the step that makes it; null: nobody, it is brought.</summary>
    public static Dictionary<string, string?> Producers(ModelConfig config)
    {
        var outputs = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (config.HasModel)
            outputs["model"] = config.Build?.Train is null ? null : ConfiguredStep.Train;
        foreach (var step in config.Steps)
        {
            foreach (var output in step.Outputs)
                outputs[$"{step.Name}.{output}"] = step.Name;
        }

        return outputs;
    }

    private static void CheckNames(ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var entry in config.Data ?? NamedMap<DataSet>.Empty)
        {
            if (entry.Name == "model" || config.Steps.Any(s => s.Name == entry.Name))
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, entry.Name == "model" ? "the trained model" : "a step"));
        }

        foreach (var entry in config.Build?.Steps ?? NamedMap<FurtherStep>.Empty)
        {
            if (entry.Name is "model" or "parameters" or "run" or "git")
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "the language"));
            else if (ConfiguredStep.FixedNames.Contains(entry.Name) || MadeSteps.Contains(entry.Name))
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "a step of 'build'"));
        }
    }

    /// <summary>Steps of a branch wait for the condition that they hang on.</summary>
    private static void AddBranches(ModelConfig config, Dictionary<string, List<(string Step, Located<string> Reference)>> waitsFor)
    {
        foreach (var step in config.Steps)
        {
            if (step.Section is not ConditionStep condition)
                continue;
            foreach (var member in (condition.Then ?? []).Concat(condition.Else ?? []).Where(m => waitsFor.ContainsKey(m.Value)))
                waitsFor[member.Value].Add((step.Name, member));
        }
    }

    /// <summary>Whether what is referred to is missing because of a mistake that is reported where it stands.</summary>
    public static bool IsOfUnreadable(string reference, ModelConfig config)
    {
        if (config.Data is null && config.Unreadable.Contains("data") && !reference.Contains('.', StringComparison.Ordinal))
            return true;
        if (reference == "model")
            return !config.HasModel;
        var step = reference.Split('.')[0];
        return IsUnreadableStep(step, config) || config.Steps.Any(s => s.Name == step && s.Section.Unreadable.Contains("outputs"));
    }

    public static bool IsUnreadableStep(string step, ModelConfig config) =>
        config.Build is not { } build || build.Unreadable.Contains(step.Replace('-', '_')) || build.Unreadable.Contains("steps") || build.Steps?.Find(step) is { Value: null };

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
