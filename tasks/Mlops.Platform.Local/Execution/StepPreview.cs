using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Execution;

/// <summary>What the local platform would do with a step.</summary>
/// <param name="What">In words: the program that runs, or what happens without one.</param>
/// <param name="Problem">Why it cannot be carried out; null: it can.</param>
public sealed record StepPreview(string Name, string Type, string What, Problem? Problem)
{
    /// <summary>Whether it starts a program of whoever wrote the definition.</summary>
    public bool RunsProgram { get; init; }

    /// <summary>Python packages that it needs beside those that its program imports.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Looks at every step, those of branches included; nothing is started.</summary>
    public static IReadOnlyList<StepPreview> Of(PipelineDefinition definition, IReadOnlyDictionary<string, string> standIns) => [.. definition.AllSteps.Select(s => Of(s, definition, standIns))];

    private static StepPreview Of(PipelineStep step, PipelineDefinition definition, IReadOnlyDictionary<string, string> standIns)
    {
        switch (step.Type)
        {
            case StepTypes.Processing:
                return Program(step, Command(step.Arguments["AppSpecification"]));
            case StepTypes.Training:
                return Program(step, Training(step.Arguments, step.Arguments["HyperParameters"], definition)) with { Packages = PackagesOf(step.Arguments, step.Arguments["HyperParameters"], definition) };
            case StepTypes.Tuning when step.Arguments["TrainingJobDefinition"] is JsonObject job:
                return Program(step, Training(job, job["StaticHyperParameters"], definition), "several times: ") with { Packages = PackagesOf(job, job["StaticHyperParameters"], definition) };
            case StepTypes.Transform:
                return new(step.Name, step.Type, $"sends records to {Text(step.Arguments["ModelName"])}", null) { RunsProgram = true };
            case StepTypes.Lambda or StepTypes.Callback:
                return StandIn.Of(step, standIns) is { } command
                    ? new(step.Name, step.Type, $"asks the stand-in: {command}", null) { RunsProgram = true }
                    : new(step.Name, step.Type, $"asks {StandIn.Target(step)}", LocalErrors.NoStandIn(step.Name, StandIn.Target(step)));
            case StepTypes.Condition:
                return new(step.Name, step.Type, $"chooses between [{Names(step.IfSteps)}] and [{Names(step.ElseSteps)}]", null);
            case StepTypes.Fail:
                return new(step.Name, step.Type, "ends the run", null);
            case StepTypes.Model when ProcessingJob.Items(step.Arguments["Containers"]).Append(step.Arguments["PrimaryContainer"] as JsonObject ?? []).Any(c => c["ModelPackageName"] is not null):
                return new(step.Name, step.Type, "takes a registered version", LocalErrors.ModelPackageNotRead(step.Name));
            case StepTypes.Model:
                return new(step.Name, step.Type, "notes the model", null);
            case StepTypes.RegisterModel:
                return new(step.Name, step.Type, $"registers the model in {Text(step.Arguments["ModelPackageGroupName"])}", null);
            default:
                return new(step.Name, step.Type, "is not carried out here", LocalErrors.StepTypeNotRun(step.Name, step.Type));
        }
    }

    private static StepPreview Program(PipelineStep step, string? command, string before = "") => command is null
        ? new(step.Name, step.Type, "runs what its image holds", LocalErrors.NoProgram(step.Name))
        : new(step.Name, step.Type, $"runs {before}{command}", null) { RunsProgram = true };

    private static string? Command(JsonNode? application) => application?["ContainerEntrypoint"] is JsonArray { Count: > 0 } entry
        ? string.Join(' ', entry.Concat(application["ContainerArguments"] as JsonArray ?? []).Select(Text)) : null;

    private static string? Training(JsonObject job, JsonNode? hyperparameters, PipelineDefinition definition) =>
        Command(job["AlgorithmSpecification"])
        ?? (hyperparameters?["sagemaker_program"] is { } program ? $"python3 {Text(program).Trim('"')} (script mode)" : null)
        ?? (PackagesOf(job, hyperparameters, definition).Count > 0 ? "the built-in XGBoost algorithm, on the xgboost package of Python" : null);

    private static IReadOnlyList<string> PackagesOf(JsonObject job, JsonNode? hyperparameters, PipelineDefinition definition)
    {
        var algorithm = job["AlgorithmSpecification"];
        var image = algorithm?["TrainingImage"];
        if (image is JsonObject reference && reference["Get"]?.ToString() is { } path)
            image = definition.Parameters.FirstOrDefault(p => $"Parameters.{p.Name}" == path)?.Default;
        return Command(algorithm) is null && hyperparameters?["sagemaker_program"] is null && BuiltInAlgorithms.XgboostVersion(Text(image)) is not null ? BuiltInAlgorithms.Packages : [];
    }

    private static string Names(IEnumerable<PipelineStep> steps) => string.Join(", ", steps.Select(s => s.Name));

    /// <summary>A text as it is, a reference by what it names, another expression as the definition writes it.</summary>
    private static string Text(JsonNode? node) => node switch
    {
        JsonValue value => value.ToString(),
        JsonObject { Count: 1 } reference when reference["Get"] is JsonValue path => $"${{{path}}}",
        _ => node?.ToJsonString() ?? "",
    };
}
