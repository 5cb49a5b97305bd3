using Mlops.Configuration.Text;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>A step by the name that references and pipelines know it by.</summary>
/// <param name="Place">Of its name in 'build.steps', or of the section.</param>
public sealed record ConfiguredStep(string Name, FurtherStep Section, Span Place, bool IsFurther)
{
    public const string CheckData = "check-data";
    public const string Preprocess = "preprocess";
    public const string Train = "train";
    public const string Evaluate = "evaluate";
    public const string Bias = "bias";
    public const string Explain = "explain";
    public const string Postprocess = "postprocess";

    /// <summary>The names that 'build.steps' may not give.</summary>
    public static IReadOnlyList<string> FixedNames { get; } = [CheckData, Preprocess, Train, Evaluate, Bias, Explain, Postprocess];

    /// <summary>The steps that are there, in the order in which the language knows them; a section that could not be read is left out.</summary>
    public static IReadOnlyList<ConfiguredStep> Of(ModelConfig config)
    {
        if (config.Build is not { } build)
            return [];
        (string Name, FurtherStep? Section)[] known =
        [
            (CheckData, build.CheckData), (Preprocess, build.Preprocess), (Train, build.Train), (Evaluate, build.Evaluate),
            (Bias, build.Bias), (Explain, build.Explain), (Postprocess, build.Postprocess),
        ];
        // A further step with the name of a known one is an error of its own, and left out here.
        return [
            .. known.Where(s => s.Section is not null).Select(s => new ConfiguredStep(s.Name, s.Section!, s.Section!.Span, false)),
            .. (build.Steps ?? NamedMap<FurtherStep>.Empty).Where(s => s.Value is not null && !FixedNames.Contains(s.Name))
                .Select(s => new ConfiguredStep(s.Name, s.Value!, s.NameSpan, true)),
        ];
    }

    /// <summary>What it reads: inputs, and the data that analyses look at.</summary>
    public IEnumerable<Located<string>> Reads => (Section switch
    {
        StepSection step => step.Inputs?.Select(i => i.Value?.From) ?? [],
        TransformStep transform => transform.Inputs?.Select(i => i.Value?.From) ?? [],
        CheckDataSection check => [check.Data],
        BiasSection bias => [bias.Data],
        ExplainSection explain => [explain.Data],
        _ => [],
    }).OfType<Located<string>>();

    /// <summary>The names of what it makes, as references write them behind its own.</summary>
    public IEnumerable<string> Outputs => Section switch
    {
        EvaluateSection evaluate => (evaluate.Outputs?.Names ?? []).Append("report").Distinct(StringComparer.Ordinal),
        ProcessingSection processing => processing.Outputs?.Names ?? [],
        NotebookStep notebook => (notebook.Outputs?.Names ?? []).Append("notebook").Distinct(StringComparer.Ordinal),
        TrainSection when IsFurther => ["model"],
        TransformStep => ["predictions"],
        _ => [],
    };

    /// <summary>What a lambda or callback gives back, with its type; null where a type could not be read.</summary>
    public IEnumerable<(string Name, ParameterType? Type)> Answers =>
        (Section switch { LambdaStep lambda => lambda.Outputs, CallbackStep callback => callback.Outputs, _ => null } ?? NamedMap<Given<ParameterType>>.Empty)
        .Select(o => (o.Name, o.Value?.Value));

    /// <summary>The texts in which ${...} may stand.</summary>
    public IEnumerable<Template> Templates
    {
        get
        {
            IEnumerable<NamedMap<Template>?> maps = Section switch
            {
                TrainSection train => [train.Environment, train.Hyperparameters],
                NotebookStep notebook => [notebook.Environment, notebook.Parameters],
                StepSection step => [step.Environment],
                TransformStep transform => [transform.Environment],
                LambdaStep lambda => [lambda.Payload],
                CallbackStep callback => [callback.Payload],
                EmrStep emr => [emr.Properties],
                _ => [],
            };
            IEnumerable<Template?> lists = Section switch
            {
                ProcessingSection processing => processing.Arguments ?? [],
                EmrStep emr => emr.Arguments ?? [],
                ConditionStep condition => (condition.If ?? []).Select(c => c.Value),
                FailStep fail => [fail.Message],
                _ => [],
            };
            return maps.SelectMany(m => m ?? NamedMap<Template>.Empty).Select(e => e.Value).Concat(lists).OfType<Template>();
        }
    }
}
