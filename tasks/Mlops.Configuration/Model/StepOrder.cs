using Mlops.Configuration.Checks;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>Which steps wait for which.</summary>
public static class StepOrder
{
    /// <summary>By each step's name those that it waits for: whose outputs it reads, that it names, whose answers it takes, or whose branch it is; and where it says so.</summary>
    public static Dictionary<string, List<(string Step, Located<string> Reference)>> WaitsFor(ModelConfig config)
    {
        var producers = ReferenceChecks.Producers(config);
        var waitsFor = config.Steps.ToDictionary(s => s.Name, _ => new List<(string Step, Located<string> Reference)>(), StringComparer.Ordinal);
        foreach (var step in config.Steps)
        {
            foreach (var reference in step.Reads)
            {
                if (producers.GetValueOrDefault(reference.Value) is { } producer)
                    waitsFor[step.Name].Add((producer, reference));
            }

            foreach (var reference in (step.Section.After ?? []).Where(a => waitsFor.ContainsKey(a.Value)))
                waitsFor[step.Name].Add((reference.Value, reference));
            foreach (var template in step.Templates)
            {
                foreach (var part in template.Parts.OfType<StepOutputPart>().Where(p => waitsFor.ContainsKey(p.Step)))
                    waitsFor[step.Name].Add((part.Step, new Located<string>(part.Step, template.Span)));
            }
        }

        AddBranches(config, waitsFor);
        return waitsFor;
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
}
