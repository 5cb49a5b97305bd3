using Mlops.Configuration.Facts;
using Mlops.Configuration.Model;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>A configuration with every default filled in and every reference resolved: the only thing that emitters read.</summary>
public sealed record ModelPlan
{
    public required string ModelName { get; init; }

    public string? Description { get; init; }

    public required ProblemType ProblemType { get; init; }

    public required ModelDomain Domain { get; init; }

    public required string PipelineName { get; init; }

    public required string ExperimentName { get; init; }

    public required string GroupName { get; init; }

    /// <summary>Null: as many as are ready.</summary>
    public int? MaxParallelSteps { get; init; }

    /// <summary>Of every key that is written to the bucket.</summary>
    public required string Prefix { get; init; }

    public required IReadOnlyList<PlannedParameter> Parameters { get; init; }

    /// <summary>Whether the commit is asked for; publish then fills it in.</summary>
    public required bool UsesGitCommit { get; init; }

    public required IReadOnlyList<PlannedData> Data { get; init; }

    /// <summary>Whether a job reads data that lies in S3: its version is a parameter.</summary>
    public bool ReadsDataInS3 => Jobs.Any(j => j.Environment.ContainsKey(StepPlanner.S3DataVariable)) || AllSteps.OfType<PlannedTransform>().Any(t => t.Environment.ContainsKey(StepPlanner.S3DataVariable));

    /// <summary>Of steps that call the service without starting a job; null: they are not tried again.</summary>
    public PlannedRetry? ServiceRetry { get; init; }

    /// <summary>In the order in which the language knows them; steps of a branch stand in their condition.</summary>
    public required IReadOnlyList<PlannedNode> Steps { get; init; }

    /// <summary>All of them, those of branches included.</summary>
    public IEnumerable<PlannedNode> AllSteps => Steps.SelectMany(s => s.WithNested());

    /// <summary>The steps that are code on instances.</summary>
    public IEnumerable<PlannedStep> Jobs => AllSteps.OfType<PlannedStep>();

    /// <summary>The images that run in jobs and answer requests.</summary>
    public IEnumerable<PlannedImage> Images => Jobs.Select(s => s.Image).Concat(Inference.Containers.Select(c => Inference.ImageOf(c.Container)));

    /// <summary>Whether publish makes a container of the C# program.</summary>
    public bool MakesContainer => Images.Any(i => i.IsMade);

    /// <summary>Puts code into the model's archive; null: the container fetches it.</summary>
    public PlannedStep? Package => Jobs.FirstOrDefault(s => s.Name == PackagePlanner.Step);

    /// <summary>Where the model is that is registered, served and evaluated.</summary>
    public required PlannedModel Model { get; init; }

    /// <summary>Tags of every job and model.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>The model card's content by SageMaker's schema; null: nothing is said of the model.</summary>
    public PlannedCard? Card { get; init; }

    /// <summary>Where the build is; a stage has its own.</summary>
    public required PlannedAws Aws { get; init; }

    public required IReadOnlyList<PlannedGate> Gates { get; init; }

    public required IReadOnlyDictionary<string, Template> Metadata { get; init; }

    public required PlannedInference Inference { get; init; }

    public required IReadOnlyList<PlannedStage> Stages { get; init; }

    public required PlannedOperations Operations { get; init; }

    public required LocalSettings Local { get; init; }

    /// <summary>What is asked for and not carried out by this version.</summary>
    public required IReadOnlyList<PlannedGap> Gaps { get; init; }
}

/// <param name="Essential">Without it a run would not be what was asked for; else it only lacks something.</param>
/// <param name="Platform">The platform that lacks it; null: all do.</param>
public sealed record PlannedGap(string Key, Span Place, bool Essential, string? Platform = null);

public sealed record PlannedParameter(string Name, ParameterType Type, string Default, IReadOnlyList<string> Allowed);

public sealed record PlannedData(string Name, string Source)
{
    public string Parameter => Configuration.Facts.ReservedNames.DataPrefix + Name;

    public bool IsInS3 => Source.StartsWith(Configuration.Values.S3Uri.Scheme, StringComparison.Ordinal);
}

/// <param name="Path">In the report.</param>
/// <param name="Step">The step whose report is read.</param>
public sealed record PlannedGate(string Metric, string Step, string Path, double? Min, double? Max, double? MaxDrop, double? MaxRise, Span Place);

public sealed record PlannedInference
{
    public required PlannedRuntime Runtime { get; init; }

    public required Span Place { get; init; }

    /// <summary>Null: the container answers by itself, or nothing says how the model answers.</summary>
    public BundlePlan? Bundle { get; init; }

    /// <summary>A request that works, for SageMaker's own tools; null: none is given.</summary>
    public BundlePlan? SamplePayload { get; init; }

    /// <summary>Containers before and behind the model.</summary>
    public PlannedContainer? Before { get; init; }

    public PlannedContainer? Behind { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IReadOnlyList<string> ContentTypes { get; init; }

    public required IReadOnlyList<string> ResponseTypes { get; init; }

    /// <summary>What a transform asks answers to be. Joined to records, they are of the records' kind: SageMaker reads both as that ("Associate Prediction Results with Input Records").</summary>
    public string Accept(string contentType, Join join) =>
        join == Join.None ? ResponseTypes[0] : contentType;

    /// <summary>The containers of the model, in the order in which a request passes them, each with its image.</summary>
    public IEnumerable<(PlannedContainer Container, bool IsModel)> Containers =>
        new[] { (Before, false), (new PlannedContainer(Runtime, Bundle, null, Environment), true), (Behind, false) }.Where(c => c.Item1 is not null).Select(c => (c.Item1!, c.Item2));

    public PlannedImage ImageOf(PlannedContainer container) => container.Runtime.Image(ImageUse.Inference, RealtimeInstanceTypes);

    public required IReadOnlyList<string> RealtimeInstanceTypes { get; init; }

    public required IReadOnlyList<string> TransformInstanceTypes { get; init; }
}

/// <param name="Artifact">The output that holds a model.tar.gz; null: the container needs none.</param>
public sealed record PlannedContainer(PlannedRuntime Runtime, BundlePlan? Bundle, OutputInput? Artifact, IReadOnlyDictionary<string, string> Environment);

/// <summary>Where the model comes from.</summary>
public abstract record PlannedModel;

/// <summary>A training step's, or the best of a tuning step.</summary>
public sealed record TrainedModel(PlannedStep Step) : PlannedModel;

/// <summary>One that is brought.</summary>
/// <param name="Source">A file of the repository, or an S3 URI.</param>
public sealed record BroughtModel(string Source) : PlannedModel
{
    public bool IsS3 => Source.StartsWith(S3Uri.Scheme, StringComparison.Ordinal);
}

/// <summary>What a person says of the model.</summary>
public sealed record PlannedCard(string? Owner, string? Description, string? IntendedUses, RiskRating RiskRating, string? Caveats);
