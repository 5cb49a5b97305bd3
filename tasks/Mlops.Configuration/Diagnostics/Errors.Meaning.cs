using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>3xxx: values that are well-formed and cannot work together, or with the repository.</summary>
public static partial class Errors
{
    public static Diagnostic PathLeavesRepository(Span span, string path) =>
        Error("MLOPS3001", span, path switch
        {
            _ when path.Contains('\\', StringComparison.Ordinal) => $"'{Shown(path)}' has '\\': folders are parted by '/', on every system. Write '{Shown(path.Replace('\\', '/'))}'.",
            _ when path.Contains('%', StringComparison.Ordinal) => $"'{Shown(path)}' has '%', which the build engine reads as the beginning of a code. Rename the file or folder.",
            _ => $"'{Shown(path)}' leads out of the repository. Name a path below the folder of config.yaml, with '/' and without '..'.",
        });

    public static Diagnostic FileMissing(Span span, string path, string purpose, IEnumerable<string> near) =>
        Error("MLOPS3002", span, $"The {purpose} '{Shown(path)}' does not exist.{DidYouMean.Sentence(path, near)} Paths are relative to config.yaml; upper and lower case count.");

    public static Diagnostic NotAFile(Span span, string path, string purpose) =>
        Error("MLOPS3003", span, $"The {purpose} '{Shown(path)}' is not a regular file. Name a file.");

    public static Diagnostic EntryPointDoesNotFit(Span span, string path, string framework, IReadOnlyCollection<string> extensions) =>
        Error("MLOPS3004", span, $"'{Shown(path)}' is no entry point for the framework '{framework}', which runs {Names(extensions)} files. Name such a file, or give the step a 'runtime' of its own.");

    public static Diagnostic UnknownReference(Span span, string reference, IReadOnlyCollection<string> known) =>
        Error("MLOPS3005", span, $"'{Shown(reference)}' is not a data set, STEP.OUTPUT or 'model'.{DidYouMean.Sentence(reference, known)} Known here: {Names(known)}.");

    public static Diagnostic UnknownParameter(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS3006", span, known.Count == 0
            ? $"There is no parameter '{Shown(name)}': 'build.parameters' declares none. Declare it there."
            : $"There is no parameter '{Shown(name)}' in 'build.parameters'.{DidYouMean.Sentence(name, known)} Declared: {Names(known)}.");

    public static Diagnostic Cycle(Span span, IEnumerable<string> steps) =>
        Error("MLOPS3007", span, $"The steps wait for each other: {string.Join(" -> ", steps)}. Remove one of these inputs.");

    public static Diagnostic NameTaken(Span span, string name, string by) =>
        Error("MLOPS3008", span, $"The name '{name}' is taken by {by}. Choose another.");

    public static Diagnostic NameTwice(Span span, string name, Span first, bool inList = false) =>
        Error("MLOPS3029", span, $"'{Shown(name)}' stands twice. Remove one of the two, or choose another{(inList ? "; write { NAME: REFERENCE } in place of the list to choose names" : "")}.") with { Related = new(first, "First defined") };

    public static Diagnostic UnknownColumn(Span span, string column, string file, IReadOnlyCollection<string> columns) =>
        Error("MLOPS3009", span, $"'{file}' has no column '{Shown(column)}'.{DidYouMean.Sentence(column, columns)} {(columns.All(c => c.Length == 0) ? "Its first line, which names them, is empty." : $"It has {Names(columns)}.")}");

    public static Diagnostic NothingToTrain(Span span) =>
        Error("MLOPS3010", span, "There is no 'build.train': without a training step there is no model. Add one, or name a model that you bring in 'model.artifact'.");

    public static Diagnostic MetricDoesNotFit(Span span, string metric, string problemType, IReadOnlyCollection<string> metrics) =>
        Error("MLOPS3011", span, $"'{Shown(metric)}' is no standard metric of {problemType}.{DidYouMean.Sentence(metric, metrics)} It has {Names(metrics)}; for any other value of the report write its path, such as 'group.{Shown(metric)}.value'.");

    public static Diagnostic GateNeedsReport(Span span) =>
        Error("MLOPS3012", span, "Gates read the evaluation's report, and there is none. Add 'build.evaluate' with a 'report'.");

    public static Diagnostic GateCannotHold(Span span, string metric, string why) =>
        Error("MLOPS3013", span, $"The limit on '{metric}' can never hold: {why}");

    public static Diagnostic GateWithoutLimit(Span span, string metric) =>
        Error("MLOPS3014", span, $"'{metric}' has no limit. Give it 'min' or 'max'; a gate may also have 'max_drop' or 'max_rise'.");

    public static Diagnostic Secret(Span span, string kind, string masked) =>
        Error("MLOPS3015", span, $"This looks like {kind} ({masked}). A secret must not be in a file, a pipeline or a log: keep it in AWS Secrets Manager and change it if it was ever committed.");

    public static Diagnostic StageServesNothing(Span span) =>
        Error("MLOPS3016", span, "A stage says how it serves: add 'realtime', 'serverless', 'async' or 'batch'. One that needs no settings has none in braces: 'realtime: {}'.");

    public static Diagnostic InferenceNeedsEntryPoint(Span span, string who) =>
        Error("MLOPS3017", span, $"{who}, and nothing says how it answers. Add 'inference' with an 'entry_point'.");

    public static Diagnostic NoEffect(Span span, string key, string why) =>
        Error("MLOPS3018", span, $"'{key}' can have no effect: {why}");

    public static Diagnostic ServeEntryPoint(Span span, string path) =>
        Error("MLOPS3019", span, $"The program for inference is started with the argument 'serve', as SageMaker starts every hosting container, so its entry point is a file 'Serve.cs'; this is '{Shown(path)}'. Rename it.");

    public static Diagnostic TensorflowEntryPoint(Span span, string path) =>
        Error("MLOPS3068", span, $"TensorFlow's container serves a SavedModel by itself, and runs 'inference.py' with input_handler and output_handler, or handler, around it; this is '{Shown(path)}', which it would never call. Rename the file, or leave 'entry_point' out.");

    public static Diagnostic HyperbandWithoutEpochs(Span span, string names) =>
        Error("MLOPS3069", span, $"The strategy 'hyperband' divides the epochs of a training, and takes their number from a fixed hyperparameter, which there is not. Give 'hyperparameters' one of {names}, or choose another strategy.");

    public static Diagnostic TooMany(Span span, string what, int count, int most) =>
        Error("MLOPS3020", span, $"{count} {what}: SageMaker takes at most {most}.");

    public static Diagnostic ParameterDefault(Span span, string value, string type) =>
        Error("MLOPS3021", span, $"'{Shown(value)}' is not {type}, which the parameter's 'type' says. Change one of the two.");

    public static Diagnostic StepWithoutInput(Span span, string step) =>
        Error("MLOPS3022", span, $"The step '{step}' has no inputs. Name a data set or an output: 'inputs: [...]'.");

    public static Diagnostic UnusedParameter(Span span, string name) =>
        Error("MLOPS3023", span, $"Nothing uses the parameter '{name}'. Write ${{parameters.{name}}} where it belongs, or remove it.");
}
