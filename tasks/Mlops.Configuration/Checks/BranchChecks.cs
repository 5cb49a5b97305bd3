using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Conditions: what they look at can be compared, and what hangs on one hangs on no other.</summary>
internal static class BranchChecks
{
    public static void Check(ModelConfig config, DiagnosticBag diagnostics)
    {
        var owner = new Dictionary<string, (string Condition, bool Then, Located<string> Place)>(StringComparer.Ordinal);
        foreach (var step in config.Steps)
        {
            if (step.Section is not ConditionStep condition)
                continue;
            if (condition is { Then: not { Count: > 0 }, Else: not { Count: > 0 }, Unreadable.Count: 0 })
                diagnostics.Add(Errors.BadCondition(step.Place, step.Name, "nothing hangs on it. Give it 'then' or 'else'."));
            foreach (var test in condition.If ?? [])
                CheckTest(step.Name, test, config, diagnostics);
            foreach (var (member, then) in (condition.Then ?? []).Select(m => (m, true)).Concat((condition.Else ?? []).Select(m => (m, false))))
                Claim(step.Name, member, then, config, owner, diagnostics);
        }

        // What an unreadable step or condition names is not known; a name that is refused cannot be named.
        if (config.Build?.Steps?.Any(s => s.Value is null) != true && !config.Steps.Any(s => s.Section is ConditionStep { Unreadable.Count: > 0 } or ConditionStep { Then: null, Else: null }))
        {
            foreach (var step in config.Steps.Where(s => s.Section is FailStep && !owner.ContainsKey(s.Name) && !ReferenceChecks.IsTaken(s.Name)))
                diagnostics.Add(Errors.FailsAlways(step.Place, step.Name));
        }

        if (owner.Count == 0)
            return;
        var producers = ReferenceChecks.Producers(config);
        foreach (var step in config.Steps)
        {
            foreach (var (producer, place) in Needs(step, producers))
            {
                if (owner.TryGetValue(producer, out var branch) && !IsWithin(step.Name, branch.Condition, branch.Then, owner))
                    diagnostics.Add(Errors.NeedsBranch(place.Span, step.Name, producer, branch.Condition));
            }
        }
    }

    private static void Claim(string condition, Located<string> member, bool then, ModelConfig config, Dictionary<string, (string, bool, Located<string> Place)> owner, DiagnosticBag diagnostics)
    {
        var further = config.Steps.Where(s => s.IsFurther).Select(s => s.Name).ToList();
        if (!further.Contains(member.Value))
        {
            if (!ReferenceChecks.IsUnreadableStep(member.Value, config) || config.Steps.Any(s => s.Name == member.Value))
                diagnostics.Add(Errors.UnknownStep(member.Span, member.Value, further));
        }
        else if (!owner.TryAdd(member.Value, (condition, then, member)))
        {
            diagnostics.Add(Errors.NameTwice(member.Span, member.Value, owner[member.Value].Place.Span));
        }
    }

    private static IEnumerable<(string Producer, Located<string> Place)> Needs(ConfiguredStep step, Dictionary<string, string?> producers)
    {
        foreach (var read in step.Reads)
        {
            if (producers.GetValueOrDefault(read.Value) is { } producer)
                yield return (producer, read);
        }

        foreach (var after in step.Section.After ?? [])
            yield return (after.Value, after);
        foreach (var template in step.Templates)
        {
            foreach (var part in template.Parts.OfType<StepOutputPart>())
                yield return (part.Step, new(part.Step, template.Span));
        }
    }

    private static bool IsWithin(string step, string condition, bool then, Dictionary<string, (string Condition, bool Then, Located<string> Place)> owner)
    {
        for (var hops = 0; hops <= owner.Count && owner.TryGetValue(step, out var branch); hops++)
        {
            if (branch.Condition == condition && branch.Then == then)
                return true;
            step = branch.Condition;
        }

        return false;
    }

    private static void CheckTest(string step, ConditionSection test, ModelConfig config, DiagnosticBag diagnostics)
    {
        if (test is { Min: null, Max: null, EqualTo: null, In: null, Unreadable.Count: 0 })
            diagnostics.Add(Errors.BadCondition(test.Span, step, "it has nothing to compare with. Give it 'min', 'max', 'equals' or 'in'."));
        if (test is { Min: { } low, Max: { } high } && low.Value > high.Value)
            diagnostics.Add(Errors.BadCondition(low.Span, step, "'min' is above 'max'."));
        if (test.Value is not { } value)
            return;
        if (value.IsLiteral)
            diagnostics.Add(Errors.BadCondition(value.Span, step, "'value' is always the same. Name something that differs from run to run: '${STEP.OUTPUT}' or '${parameters.NAME}'."));
        else if (TemplateTypes.Of(value, config) is { } type && (test.Min ?? test.Max) is { } limit && type is ParameterType.String or ParameterType.Boolean)
            diagnostics.Add(Errors.TypesDiffer(limit.Span, value.Text, TemplateTypes.Words(type), "a number"));
        else if (TemplateTypes.Of(value, config) is { } other && (test.EqualTo is { } e ? [e] : test.In ?? []).Where(g => !TemplateTypes.Fits(g.Value, other)).Select(g => (Located<string>?)g).FirstOrDefault() is { } wrong)
            diagnostics.Add(Errors.TypesDiffer(wrong.Span, value.Text, TemplateTypes.Words(other), $"'{Errors.Shown(wrong.Value)}'"));
    }
}
