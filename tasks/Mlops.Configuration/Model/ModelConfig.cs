using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

/// <summary>A whole config.yaml, as written: what is left out is null, defaults are the planner's.</summary>
[Section("the configuration")]
[NotYet("time_zone", "monitor", "retrain", "notify", "access", "labeling", "ci", "aws")]
public sealed record ModelConfig : Section
{
    [Key("version", "The version of this language.", Default = "1", Min = 1, Max = 1)]
    public Located<long>? Version { get; init; }

    [Key("model", "What is built: its name and its kind of problem.", Required = true)]
    public ModelSection? Model { get; init; }

    [Key("runtime", "What the steps' code runs in; a step or 'inference' may have one of its own.")]
    public RuntimeSection? Runtime { get; init; }

    [Key("data", "The data sets, by name; versioned by content.", Max = 100)]
    [Names("a data set")]
    public NamedMap<DataSet>? Data { get; init; }

    [Key("build", "The pipeline that trains, evaluates, gates and registers the model.", Required = true)]
    public BuildSection? Build { get; init; }

    [Key("inference", "How the model answers, alike in every stage.")]
    public InferenceSection? Inference { get; init; }

    [Key("deploy", "The stages, in this order.", Min = 1, Max = 20)]
    public IReadOnlyList<StageSection>? Deploy { get; init; }

    [Key("local", "Settings of the local platform; read only there.")]
    public LocalSection? Local { get; init; }

    /// <summary>The steps that are there, by name, in the order in which they run.</summary>
    public IEnumerable<(string Name, StepSection Step)> Steps
    {
        get
        {
            if (Build?.Preprocess is { } preprocess)
                yield return ("preprocess", preprocess);
            if (Build?.Train is { } train)
                yield return ("train", train);
            if (Build?.Evaluate is { } evaluate)
                yield return ("evaluate", evaluate);
        }
    }
}
