using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// A QualityCheck or ClarifyCheck step: a Processing job whose image (Model Monitor's, Clarify's, or what stands for it) writes baselines and
/// violations. Source: "QualityCheck step" and "ClarifyCheck step" of SageMaker's developer guide.
/// </summary>
internal static class CheckJob
{
    private const string Violations = "constraint_violations.json";

    public static async Task<StepOutcome> RunAsync(StepContext step, CancellationToken cancellation)
    {
        var outcome = await ProcessingJob.RunAsync(step, cancellation);
        if (outcome.FailureReason is not null)
            return outcome;
        var output = Json.Text(Json.Objects(step.Arguments["ProcessingOutputConfig"]?["Outputs"]).FirstOrDefault()?["S3Output"]?["S3Uri"]).TrimEnd('/');
        var isClarify = step.Step.Type == StepTypes.ClarifyCheck;
        AddBaseline(step, outcome.Properties, "Constraints", $"{output}/{(isClarify ? "analysis.json" : "constraints.json")}");
        if (!isClarify)
            AddBaseline(step, outcome.Properties, "Statistics", $"{output}/statistics.json");
        return IsTrue(step, "FailOnViolation") && !IsTrue(step, "SkipCheck") && CountViolations(step, output) is > 0 and var found
            ? StepOutcome.Failed($"{found} violations of the baseline: see '{output}/{Violations}'.") : outcome;
    }

    /// <summary>What was computed, and what a check of drift goes by: the baseline that was given, or this one where it is to be registered ("Baseline calculation, drift detection and lifecycle").</summary>
    private static void AddBaseline(StepContext step, JsonObject properties, string kind, string computed)
    {
        var given = step.Evaluate(step.Step.Others[$"SuppliedBaseline{kind}"]);
        properties[$"CalculatedBaseline{kind}"] = computed;
        properties[$"BaselineUsedForDriftCheck{kind}"] = !IsTrue(step, "RegisterNewBaseline") && given is JsonValue && Json.Text(given).Length > 0 ? given.DeepClone() : computed;
    }

    private static bool IsTrue(StepContext step, string member) => Json.Text(step.Evaluate(step.Step.Others[member])).Equals("true", StringComparison.OrdinalIgnoreCase);

    private static int CountViolations(StepContext step, string output)
    {
        var file = Path.Combine(step.Objects.PathOf(output), Violations);
        try
        {
            return File.Exists(file) && JsonNode.Parse(File.ReadAllBytes(file))?["violations"] is JsonArray found ? found.Count : 0;
        }
        catch (JsonException e)
        {
            throw new DefinitionException($"'{Violations}' of the step '{step.Step.Name}' is not JSON: {e.Message}");
        }
    }
}
