using Mlops.Configuration.Text;

namespace Mlops.Configuration.Diagnostics;

/// <summary>3xxx, the build: runtimes, training, tuning, the graph of steps, analyses.</summary>
public static partial class Errors
{
    public static Diagnostic InstanceDoesNotFit(Span span, string type, string use, IReadOnlyCollection<string> fit) =>
        Error("MLOPS3030", span, $"'{type}' is no instance type for {use}. Fit are {Names(fit)}.");

    public static Diagnostic UnknownFrameworkVersion(Span span, string framework, string version, string use, IReadOnlyCollection<string> known) =>
        Error("MLOPS3031", span, $"SageMaker has no image of {framework} '{Shown(version)}' for {use}.{DidYouMean.Sentence(version, known)} It has {Names(known)}; or name an 'image' of your own.");

    public static Diagnostic WaitIsTooShort(Span span, string wait, string runtime) =>
        Error("MLOPS3032", span, $"'max_wait' {wait} is shorter than 'max_runtime' {runtime}: it holds waiting and training together. Make it at least {runtime}.");

    public static Diagnostic TunedAndFixed(Span span, string name, Span other) =>
        Error("MLOPS3033", span, $"The hyperparameter '{Shown(name)}' is tuned here and fixed as well. Remove one of the two.") with { Related = new(other, "Fixed") };

    public static Diagnostic BadRange(Span span, string name, string why) =>
        Error("MLOPS3034", span, $"The range of '{Shown(name)}' cannot be searched: {why}");

    public static Diagnostic OneInstanceOnly(Span span, string framework) =>
        Error("MLOPS3035", span, $"SageMaker's container of '{framework}' trains on one instance alone. Write 'count: 1' and a larger 'type', or name an 'image' of your own.");

    public static Diagnostic ObjectiveIsNotMeasured(Span span, string metric, IReadOnlyCollection<string> known) =>
        Error("MLOPS3036", span, $"Nothing measures '{Shown(metric)}'.{DidYouMean.Sentence(metric, known)} Add it to the step's 'metrics', with the regular expression that finds it in the log{(known.Count > 0 ? "; there are " + Names(known) : "")}.");

    public static Diagnostic UnknownStep(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS3037", span, $"There is no step '{Shown(name)}' here.{DidYouMean.Sentence(name, known)}{(known.Count > 0 ? $" There are {Names(known)}." : " Declare it in 'build.steps'.")}");

    public static Diagnostic NeedsBranch(Span span, string step, string producer, string condition) =>
        Error("MLOPS3038", span, $"'{step}' waits for '{producer}', which runs only where the condition '{condition}' lets it. Put '{step}' into the same branch, or take '{producer}' out of it.");

    public static Diagnostic TypesDiffer(Span span, string value, string type, string other) =>
        Error("MLOPS3039", span, $"'{Shown(value)}' is {type}, and cannot be compared with {other}. Change its type, or what it is compared with.");

    public static Diagnostic UnknownStepOutput(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS3040", span, $"'${{{Shown(name)}}}' is not an output of a lambda or callback step.{DidYouMean.Sentence(name, known)}{(known.Count > 0 ? $" There are {Names(known)}." : " Files of other steps are read as 'inputs'.")}");

    public static Diagnostic Excludes(Span span, string key, string other, string why) =>
        Error("MLOPS3041", span, $"'{key}' does not go with '{other}': {why}");

    public static Diagnostic BadCondition(Span span, string step, string why) =>
        Error("MLOPS3042", span, $"The condition '{step}' cannot be asked: {why}");

    public static Diagnostic FailsAlways(Span span, string step) =>
        Error("MLOPS3073", span, $"The step '{step}' ends every run: no condition decides whether it is reached. Name it in 'then' or 'else' of a step of kind 'condition'.");

    public static Diagnostic TransformInputs(Span span, string step) =>
        Error("MLOPS3043", span, $"The transform '{step}' reads the model and one set of records. Write 'inputs: [model, DATA]'.");

    public static Diagnostic UnknownDataSet(Span span, string name, IReadOnlyCollection<string> known) =>
        Error("MLOPS3044", span, $"There is no data set '{Shown(name)}'.{DidYouMean.Sentence(name, known)}{(known.Count > 0 ? $" There are {Names(known)}." : " Declare it under 'data'.")}");

    public static Diagnostic WrongFormat(Span span, string name, string format, string wanted, string why) =>
        Error("MLOPS3045", span, $"'{Shown(name)}' has the format '{format}', and {wanted} is needed: {why}. Say its 'format' where it is declared.");

    public static Diagnostic UnknownBiasMetric(Span span, string metric, IReadOnlyCollection<string> known) =>
        Error("MLOPS3046", span, $"'{Shown(metric)}' is no bias metric.{DidYouMean.Sentence(metric, known)} There are {Names(known)}.");

    public static Diagnostic ImageDoesNotRun(Span span, string framework, string version, string use, string instance, string fit) =>
        Error("MLOPS3057", span, $"SageMaker's {use} image of {framework} {Shown(version)} does not run on {Shown(instance)}. Choose an instance such as {fit}, or name an 'image' of your own that does.");

    public static Diagnostic ImageElsewhere(Span span, string framework, string region) =>
        Error("MLOPS3058", span, $"SageMaker has no images of {framework} in the region {Shown(region)}. Choose another region, or name an 'image' of your own.");

    public static Diagnostic RuntimeWithoutVersion(Span span, string framework, IReadOnlyCollection<string> known) =>
        Error("MLOPS3047", span, $"'{framework}' needs a 'framework_version': SageMaker has {Names(known)}. Or name an 'image' of your own.");
}
