using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Toolkits;
using Mlops.Platform.Local.Tuning;

namespace Mlops.Platform.Local.Execution;

/// <summary>What the local platform would do with a step.</summary>
/// <param name="What">In words: the program that runs, or what happens without one.</param>
/// <param name="Problem">Why it cannot be carried out; null: it can.</param>
public sealed record StepPreview(string Name, string Type, string What, Problem? Problem)
{
    /// <summary>Whether it starts a program of whoever wrote the definition.</summary>
    public bool RunsProgram { get; init; }

    /// <summary>A command of the user's runs in place of its image.</summary>
    private bool HasStandIn { get; init; }

    /// <summary>Python packages that it needs beside those that its program imports.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Looks at every step, those of branches included; nothing is started.</summary>
    /// <param name="parameters">Of the run; the others have their defaults.</param>
    public static IReadOnlyList<StepPreview> Of(PipelineDefinition definition, LocalSettings local, IReadOnlyDictionary<string, string> parameters)
    {
        var looking = new Looking(definition, local, parameters);
        return [.. definition.AllSteps.Select(looking.Of)];
    }

    private sealed class Looking(PipelineDefinition definition, LocalSettings local, IReadOnlyDictionary<string, string> parameters)
    {
        private readonly ParameterScope scope = new(definition, parameters);

        private bool InContainers => local.Sandbox == LocalSettings.ContainerSandbox;

        public StepPreview Of(PipelineStep step)
        {
            // Members are looked for once it is known that they are where they belong.
            if (Said(step, () => RequestShape.Wrong(definition, step)) is { } misshapen)
                return new(step.Name, step.Type, "cannot be read", PlatformErrors.Definition(misshapen));
            var preview = Look(step);
            if (NotHere.Of(step) is { } asked)
                return preview with { Problem = LocalErrors.NotDoneHere(step.Name, asked) };
            return preview.Problem is null && Said(step, () => ArgumentCheck.Wrong(step) ?? ReferenceCheck.Dangling(definition, step) ?? Wrong(step)) is { } wrong ? preview with { Problem = PlatformErrors.Definition(wrong) } : preview;
        }

        /// <summary>A check's sentence, or what kept it from looking.</summary>
        private static string? Said(PipelineStep step, Func<string?> check)
        {
            try
            {
                return check();
            }
            catch (DefinitionException e)
            {
                return $"The step '{step.Name}': {e.Message}";
            }
        }

        /// <summary>What only this step's own run would find else.</summary>
        private string? Wrong(PipelineStep step)
        {
            _ = step.Cache?.Lifetime();
            if (StepRetries.Wrong(step) is { } retries)
                return $"The step '{step.Name}': {retries}";
            if (definition.AllSteps.FirstOrDefault(s => s.Type == StepTypes.Tuning && TuningJob.IsNameOfTraining(s.Name, step.Name)) is { } tuning)
                return $"The step '{step.Name}' is called as a training of the tuning '{tuning.Name}' would be: choose another name for one of the two.";
            switch (step.Type)
            {
                case StepTypes.Tuning:
                    TuningJob.Check(step.Arguments);
                    return null;
                case StepTypes.Condition:
                    return ConditionEvaluator.Wrong(definition, step.Arguments) is { } condition ? $"The step '{step.Name}' (Condition): {condition}" : null;
                case StepTypes.Transform when step.Arguments["ModelName"] is JsonValue name && !definition.AllSteps.Any(s => s.Type == StepTypes.Model && Text(s.Arguments["ModelName"]) == name.ToString()):
                    return $"The step '{step.Name}' sends records to the model '{name}', and no step of this pipeline makes one of that name: a model of an account is not here.";
                case StepTypes.RegisterModel when step.Arguments["ModelPackageGroupName"] is JsonValue group && !ResourceNames.IsGroup(ResourceNames.GroupOf(group.ToString())):
                    return $"The step '{step.Name}' registers in the group '{group}': a name has 1 to 63 letters and digits, with hyphens between them.";
                default:
                    return null;
            }
        }

        private StepPreview Look(PipelineStep step)
        {
            switch (step.Type)
            {
                case StepTypes.Processing:
                    var application = step.Arguments["AppSpecification"];
                    return Program(step, application?["ImageUri"], Command(application));
                case StepTypes.Training:
                    return Training(step, step.Arguments, step.Arguments["HyperParameters"]);
                case StepTypes.Tuning:
                    var job = step.Arguments["TrainingJobDefinition"] as JsonObject ?? [];
                    return Training(step, job, job["StaticHyperParameters"], "several times: ");
                case StepTypes.Transform:
                    return new(step.Name, step.Type, $"sends records to {Text(step.Arguments["ModelName"])}", ImageAlone(step) is { } image ? LocalErrors.NoProgram(step.Name, image) : null) { RunsProgram = true };
                case StepTypes.QualityCheck or StepTypes.ClarifyCheck:
                    return Program(step, step.Arguments["AppSpecification"]?["ImageUri"], null);
                case var type when StandIn.IsNeeded(type) && StandIn.Of(StandIn.Known(step, scope.Text), Known(step), local.StandIns) is { } command:
                    return new(step.Name, step.Type, $"asks the stand-in: {command}", null) { RunsProgram = true };
                case StepTypes.Lambda or StepTypes.Callback or StepTypes.Emr:
                    return new(step.Name, step.Type, $"asks {StandIn.Target(StandIn.Known(step, scope.Text), Known(step))}", LocalErrors.NoStandIn(step.Name, StandIn.Target(StandIn.Known(step, scope.Text), Known(step))));
                case StepTypes.Condition:
                    return new(step.Name, step.Type, $"chooses between [{Names(step.IfSteps)}] and [{Names(step.ElseSteps)}]", null);
                case StepTypes.Fail:
                    return new(step.Name, step.Type, "ends the run", null);
                case StepTypes.Model:
                    return new(step.Name, step.Type, "notes the model", null);
                case StepTypes.RegisterModel:
                    return new(step.Name, step.Type, $"registers the model in {Text(step.Arguments["ModelPackageGroupName"])}", null);
                default:
                    return new(step.Name, step.Type, "is not carried out here", LocalErrors.StepTypeNotRun(step.Name, step.Type));
            }
        }

        private StepPreview Training(PipelineStep step, JsonObject job, JsonNode? hyperparameters, string before = "")
        {
            var algorithm = job["AlgorithmSpecification"];
            var image = algorithm?["TrainingImage"];
            var script = hyperparameters?["sagemaker_program"];
            var builtIn = !InContainers && Command(algorithm) is null && script is null && BuiltInAlgorithms.XgboostVersion(Image(image)) is not null;
            var isNotebook = !InContainers && NotebookJob.IsOne([.. Json.Texts(algorithm?["ContainerEntrypoint"])]);
            var command = (isNotebook ? $"the notebook {Text(job["Environment"]?["SM_INPUT_NOTEBOOK_NAME"])}" : Command(algorithm))
                ?? (script is not null ? $"python3 {Text(script).Trim('"')} (script mode)" : null)
                ?? (builtIn ? "the built-in XGBoost algorithm, on the xgboost package of Python" : null);
            var preview = Program(step, image, command, before);
            return preview.HasStandIn ? preview : isNotebook ? preview with { Packages = NotebookJob.Packages } : builtIn ? preview with { Packages = BuiltInAlgorithms.Packages } : preview;
        }

        private StepPreview Program(PipelineStep step, JsonNode? named, string? command, string before = "")
        {
            var image = Image(named);
            if (local.StandIns.TryGetValue(image, out var standIn))
                return new(step.Name, step.Type, $"runs {before}the stand-in: {standIn}", null) { RunsProgram = true, HasStandIn = true };
            if (InContainers)
                return new(step.Name, step.Type, $"runs {before}{command ?? "what the image holds"}, in {image}", null) { RunsProgram = true };
            return command is null
                ? new(step.Name, step.Type, "runs what its image holds", LocalErrors.NoProgram(step.Name, image))
                : new(step.Name, step.Type, $"runs {before}{command}", null) { RunsProgram = true };
        }

        /// <summary>The image of a transform's model that is all there is of a container; null: each has a program, or none of them is known yet.</summary>
        private string? ImageAlone(PipelineStep transform)
        {
            if (InContainers || (transform.Arguments["ModelName"] as JsonObject)?["Get"] is not { } reference || PropertyPath.Parse(Text(reference)) is not ["Steps", var name, ..])
                return null;
            var model = definition.AllSteps.FirstOrDefault(s => s.Name == name && s.Type == StepTypes.Model)?.Arguments;
            var containers = model?["PrimaryContainer"] is JsonObject one ? [one] : Json.Objects(model?["Containers"]);
            return containers.Where(c => (c["Environment"] as JsonObject)?.ContainsKey("SAGEMAKER_PROGRAM") != true)
                .Select(c => scope.Text(c["Image"]) ?? ((c["Image"] as JsonValue)?.ToString())).FirstOrDefault(i => i is not null && !local.StandIns.ContainsKey(i) && BuiltInAlgorithms.XgboostVersion(i) is null);
        }

        /// <summary>An image as it is given, or as parameters make it.</summary>
        private string Image(JsonNode? image) => scope.Text(image) ?? Text(image);

        /// <summary>The arguments, with what is known before the run computed.</summary>
        private JsonObject Known(PipelineStep step) => new(step.Arguments.Select(a => KeyValuePair.Create(a.Key, scope.Text(a.Value) is { } text ? JsonValue.Create(text) : a.Value?.DeepClone())));
    }

    private static string? Command(JsonNode? application) => application?["ContainerEntrypoint"] is JsonArray { Count: > 0 } entry
        ? string.Join(' ', StepLauncher.Without([.. entry.Select(Text)]).Concat((application["ContainerArguments"] as JsonArray ?? []).Select(Text))) : null;

    private static string Names(IEnumerable<PipelineStep> steps) => string.Join(", ", steps.Select(s => s.Name));

    /// <summary>A text as it is, a reference by what it names, another expression as the definition writes it.</summary>
    private static string Text(JsonNode? node) => node switch
    {
        JsonValue value => value.ToString(),
        JsonObject { Count: 1 } reference when reference["Get"] is JsonValue path => $"${{{path}}}",
        _ => node?.ToJsonString() ?? "",
    };
}
