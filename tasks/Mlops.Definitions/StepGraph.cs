namespace Mlops.Definitions;

/// <summary>Which step waits for which: DependsOn, references in arguments, and the condition that a step stands in.</summary>
public sealed class StepGraph
{
    private readonly Dictionary<string, HashSet<string>> waitsFor = new(StringComparer.Ordinal);

    public StepGraph(PipelineDefinition definition)
    {
        var names = definition.AllSteps.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var step in definition.AllSteps)
            waitsFor[step.Name] = [.. Referenced(step, names)];
        foreach (var condition in definition.AllSteps.Where(s => s.Type == StepTypes.Condition))
        {
            foreach (var nested in condition.IfSteps.Concat(condition.ElseSteps))
                waitsFor[nested.Name].Add(condition.Name);
        }

        RefuseCycles();
    }

    public IReadOnlySet<string> WaitsFor(string step) => waitsFor[step];

    /// <summary>With what those wait for, and so on.</summary>
    public IReadOnlySet<string> WaitsForAll(string step)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>(waitsFor[step]);
        while (left.TryPop(out var next))
        {
            if (!all.Add(next))
                continue;
            foreach (var further in waitsFor[next])
                left.Push(further);
        }

        return all;
    }

    private static IEnumerable<string> Referenced(PipelineStep step, HashSet<string> names)
    {
        foreach (var name in step.DependsOn)
            yield return names.Contains(name) ? name : throw new DefinitionException($"The step '{step.Name}' depends on '{name}', and there is no such step.");
        foreach (var path in Expression.References(step.Arguments).Concat(Expression.References(step.Others)))
        {
            if (PropertyPath.Parse(path) is not ["Steps", var name, ..])
                continue;
            yield return names.Contains(name) ? name : throw new DefinitionException($"The step '{step.Name}' refers to '{path}', and there is no step '{name}'.");
        }
    }

    private void RefuseCycles()
    {
        var open = waitsFor.ToDictionary(w => w.Key, w => w.Value.Count, StringComparer.Ordinal);
        var ready = new Queue<string>(open.Where(o => o.Value == 0).Select(o => o.Key));
        var waiting = waitsFor.SelectMany(w => w.Value.Select(d => (Step: w.Key, On: d))).ToLookup(p => p.On, p => p.Step, StringComparer.Ordinal);
        var done = 0;
        while (ready.TryDequeue(out var step))
        {
            done++;
            foreach (var next in waiting[step].Where(n => --open[n] == 0))
                ready.Enqueue(next);
        }

        if (done < open.Count)
            throw new DefinitionException($"These steps wait for each other: {string.Join(", ", open.Where(o => o.Value > 0).Select(o => o.Key).Order(StringComparer.Ordinal))}.");
    }
}
