using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>References between data sets and steps: each resolves, and no step waits for itself.</summary>
internal static class ReferenceChecks
{
    /// <summary>Names of steps that the compiler makes by itself.</summary>
    private static readonly string[] MadeSteps = ["register", "quality-gates", "quality-gates-failed", "create-model", "package-model", "bias-before-training", "bias-predict", "explain-sample", "explain-predict",
        "monitor-data-quality", "monitor-model-quality", "monitor-bias", "monitor-explain", "inference", "inference-preprocess", "inference-postprocess", "program", "sample-payload", "test"];

    private static readonly string[] OfTheLanguage = ["model", "parameters", "run", "git"];

    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        CheckNames(config, diagnostics);
        var data = config.Data ?? NamedMap<DataSet>.Empty;
        var producers = Producers(config);
        var known = data.Names.Concat(producers.Keys).ToList();
        var waitsFor = StepOrder.WaitsFor(config);
        foreach (var step in config.Steps)
        {
            foreach (var reference in step.Reads.Where(r => !known.Contains(r.Value) && !IsOfUnreadable(r.Value, config)))
                diagnostics.Add(Errors.UnknownReference(reference.Span, reference.Value, known));
            foreach (var reference in (step.Section.After ?? []).Where(a => !waitsFor.ContainsKey(a.Value) && !IsUnreadableStep(a.Value, config)))
                diagnostics.Add(Errors.UnknownStep(reference.Span, reference.Value, [.. waitsFor.Keys]));
        }

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

    /// <summary>Whether no step can be called so.</summary>
    internal static bool IsTaken(string step) => OfTheLanguage.Contains(step) || ConfiguredStep.FixedNames.Contains(step) || MadeSteps.Contains(step);

    private static void CheckNames(ModelConfig config, DiagnosticBag diagnostics)
    {
        foreach (var entry in config.Data ?? NamedMap<DataSet>.Empty)
        {
            if (entry.Name == "model" || config.Steps.Any(s => s.Name == entry.Name))
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, entry.Name == "model" ? "the trained model" : "a step"));
        }

        foreach (var entry in config.Build?.Steps ?? NamedMap<FurtherStep>.Empty)
        {
            if (OfTheLanguage.Contains(entry.Name))
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "the language"));
            else if (IsTaken(entry.Name))
                diagnostics.Add(Errors.NameTaken(entry.NameSpan, entry.Name, "a step of 'build'"));
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
