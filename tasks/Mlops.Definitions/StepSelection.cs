namespace Mlops.Definitions;

/// <summary>
/// Some steps of a pipeline, run with the results that an earlier execution left: SageMaker's selective execution. Steps of the top level are chosen, a condition with its
/// branches, and with two steps all that lie between them. Source: docs.aws.amazon.com/sagemaker, "Selective execution of pipeline steps", and SelectiveExecutionConfig.
/// </summary>
public static class StepSelection
{
    /// <summary>A step, and every one that waits for it, directly or by way of others; in the document's order.</summary>
    public static IReadOnlyList<string> From(PipelineDefinition definition, string first)
    {
        var chosen = Chosen(definition, [Known(definition, first)]);
        var graph = new StepGraph(definition);
        while (definition.Steps.FirstOrDefault(s => !chosen.Contains(s.Name) && WaitsFor(graph, s).Overlaps(chosen)) is { } next)
            chosen.UnionWith(next.WithNested().Select(s => s.Name));
        return [.. definition.Steps.Select(s => s.Name).Where(chosen.Contains)];
    }

    /// <summary>Throws <see cref="DefinitionException"/> where a name is none of the top level, or a step between two of them is missing.</summary>
    public static void Check(PipelineDefinition definition, IReadOnlyList<string> steps)
    {
        foreach (var step in steps)
            Known(definition, step);
        var needed = EarlierSteps(definition, steps).ToHashSet(StringComparer.Ordinal);
        foreach (var between in definition.Steps.Where(s => needed.Contains(s.Name)))
        {
            if (EarlierSteps(definition, [between.Name]).FirstOrDefault(steps.Contains) is { } before)
                throw new DefinitionException($"The step '{between.Name}' lies between '{before}' and another one that is chosen, and needs what '{before}' makes: choose it, too.");
        }
    }

    /// <summary>What the chosen steps wait for, directly or by way of others, and what is not chosen itself: an earlier execution must have it.</summary>
    public static IReadOnlyList<string> EarlierSteps(PipelineDefinition definition, IReadOnlyList<string> steps)
    {
        var graph = new StepGraph(definition);
        var chosen = Chosen(definition, steps);
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(chosen);
        while (open.TryDequeue(out var step))
        {
            foreach (var before in graph.WaitsFor(step).Where(b => !chosen.Contains(b) && found.Add(b)))
                open.Enqueue(before);
        }

        return [.. definition.AllSteps.Select(s => s.Name).Where(found.Contains)];
    }

    /// <summary>The chosen steps, and those in the branches of chosen conditions.</summary>
    public static HashSet<string> Chosen(PipelineDefinition definition, IReadOnlyList<string> steps) =>
        definition.Steps.Where(s => steps.Contains(s.Name)).SelectMany(s => s.WithNested()).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>The pipeline parameters that the chosen steps use.</summary>
    public static IReadOnlySet<string> Parameters(PipelineDefinition definition, IReadOnlyList<string> steps) =>
        definition.Steps.Where(s => steps.Contains(s.Name)).SelectMany(s => Expression.References(s.ToJson()))
            .Select(PropertyPath.Parse).Where(p => p is ["Parameters", _, ..]).Select(p => p[1]).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether the chosen steps name something, such as the key of a bundle.</summary>
    public static bool Names(PipelineDefinition definition, IReadOnlyList<string> steps, string text) =>
        definition.Steps.Where(s => steps.Contains(s.Name)).Any(s => s.ToJson().ToJsonString().Contains(text, StringComparison.Ordinal));

    private static HashSet<string> WaitsFor(StepGraph graph, PipelineStep step) => [.. step.WithNested().SelectMany(s => graph.WaitsFor(s.Name))];

    private static string Known(PipelineDefinition definition, string step)
    {
        if (definition.Steps.Any(s => s.Name == step))
            return step;
        throw new DefinitionException(definition.Steps.FirstOrDefault(s => s.WithNested().Any(n => n.Name == step)) is { } condition
            ? $"The step '{step}' is part of the condition '{condition.Name}': choose that."
            : $"The pipeline has no step '{step}'. It has: {string.Join(", ", definition.Steps.Select(s => s.Name))}.");
    }
}
