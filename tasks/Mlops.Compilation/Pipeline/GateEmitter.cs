using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Facts;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>
/// Quality gates as one condition on the evaluation's report. Conditions do no arithmetic, so max_drop and max_rise compare
/// with a Float parameter that publish renews from the approved version; the first version meets no limit.
/// </summary>
internal static class GateEmitter
{
    private const int MostCharacters = 45;

    public const string StepName = "quality-gates";
    public const string PropertyFileName = "report";

    /// <summary>A limit that every metric meets; JSON has no infinity.</summary>
    public const double NoLimit = 1e30;

    public static PipelineStep Emit(ModelPlan plan, IReadOnlyList<PipelineStep> then)
    {
        var conditions = new JsonArray();
        var message = new List<JsonNode> { JsonValue.Create("Quality gates failed: ") };
        foreach (var gate in plan.Gates)
        {
            foreach (var (type, limit, shown) in Limits(gate))
            {
                conditions.Add(new JsonObject { ["Type"] = type, ["LeftValue"] = Metric(gate), ["RightValue"] = limit });
                message.AddRange([JsonValue.Create($"{(message.Count == 1 ? "" : "; ")}{gate.Metric} = "), Metric(gate), JsonValue.Create($" ({shown} "), limit.DeepClone(), JsonValue.Create(")")]);
            }
        }

        message.Add(JsonValue.Create("."));
        return new PipelineStep
        {
            Name = StepName,
            Type = StepTypes.Condition,
            Arguments = new JsonObject { ["Conditions"] = conditions },
            IfSteps = then,
            ElseSteps = [new PipelineStep
            {
                Name = "quality-gates-failed",
                Type = StepTypes.Fail,
                Arguments = new JsonObject { ["ErrorMessage"] = Expression.Joined("", message) },
            }],
        };
    }

    /// <summary>The parameters of relative limits, with whether each is a lower one.</summary>
    public static IEnumerable<(PlannedGate Gate, string Parameter, bool IsFloor)> Baselines(ModelPlan plan)
    {
        foreach (var gate in plan.Gates)
        {
            if (gate.MaxDrop is not null)
                yield return (gate, Parameter(gate, "min"), true);
            if (gate.MaxRise is not null)
                yield return (gate, Parameter(gate, "max"), false);
        }
    }

    /// <summary>The gates as deployment.json tells them, so that a failure can be shown at its line.</summary>
    public static IReadOnlyList<Gate> Describe(ModelPlan plan) =>
        [.. plan.Gates.Select(g => new Gate(StepName, g.Metric, g.Path, new(g.Place.Line, g.Place.Column))
        {
            Min = g.Min,
            Max = g.Max,
            MaxDrop = g.MaxDrop is { } drop ? new GateBaseline(Parameter(g, "min"), drop) : null,
            MaxRise = g.MaxRise is { } rise ? new GateBaseline(Parameter(g, "max"), rise) : null,
        })];

    private static IEnumerable<(string Type, JsonNode Limit, string Shown)> Limits(PlannedGate gate)
    {
        if (gate.Min is { } min)
            yield return ("GreaterThanOrEqualTo", JsonValue.Create(min), "min");
        if (gate.Max is { } max)
            yield return ("LessThanOrEqualTo", JsonValue.Create(max), "max");
        if (gate.MaxDrop is { } drop)
            yield return ("GreaterThanOrEqualTo", Expression.Parameter(Parameter(gate, "min")), string.Create(CultureInfo.InvariantCulture, $"max_drop {drop}: at least"));
        if (gate.MaxRise is { } rise)
            yield return ("LessThanOrEqualTo", Expression.Parameter(Parameter(gate, "max")), string.Create(CultureInfo.InvariantCulture, $"max_rise {rise}: at most"));
    }

    private static JsonObject Metric(PlannedGate gate) => Expression.FromPropertyFile(gate.Step, PropertyFileName, gate.Path);

    /// <summary>Parameter names take letters, digits and '-' alone, where EventBridge is to pass them. What reads alike then is told apart by a hash.</summary>
    private static string Parameter(PlannedGate gate, string side)
    {
        var name = string.Concat(gate.Metric.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        var isOwn = name.Length <= MostCharacters && gate.Metric.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        if (!isOwn)
            name = $"{(name.Length > MostCharacters ? name[^MostCharacters..].Trim('-') : name)}-{Digest.Of(gate.Metric)[..6]}";
        return $"{ReservedNames.BaselinePrefix}{name}-{side}";
    }
}
