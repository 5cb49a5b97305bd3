using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'check_data'")]
public sealed record CheckDataSection : JobSection
{
    [Key("data", "The data set that is looked at.", Required = true)]
    public Located<string>? Data { get; init; }

    [Key("baseline", "What it is compared with: the approved version's constraints (none yet: this run makes them), or a constraints.json of the repository.", Default = "approved")]
    public Located<Baseline>? Baseline { get; init; }

    [Key("on_violation", "Whether a violation ends the run.", Default = "fail")]
    public Located<OnViolation>? OnViolation { get; init; }
}

public enum OnViolation
{
    Fail,
    Warn,
}

[Section("'build.bias'")]
public sealed record BiasSection : JobSection
{
    [Key("data", "What is looked at: a data set or STEP.OUTPUT, with the label and the facets as columns.", Required = true)]
    public Located<string>? Data { get; init; }

    [Key("positive_labels", "The labels that are the good outcome; for a regression one number: what lies above it.", Required = true, Min = 1, Max = 100)]
    public IReadOnlyList<Located<string>>? PositiveLabels { get; init; }

    [Key("facets", "The sensitive groups.", Required = true, Min = 1, Max = 20)]
    public IReadOnlyList<FacetSection>? Facets { get; init; }

    [Key("group", "A column that the conditional metrics, CDDL and CDDPL, look at separately.")]
    public Located<string>? Group { get; init; }

    [Key("metrics", "Which metrics, by Clarify's names.", DefaultText = "all that apply", Min = 1, Max = 30)]
    public IReadOnlyList<Located<string>>? Metrics { get; init; }

    [Key("limits", "What must hold for every facet, or the run ends without registering.", Max = 30)]
    public NamedMap<LimitSection>? Limits { get; init; }
}

[Section("the facet")]
public sealed record FacetSection : Section
{
    [Key("name", "The column.", Required = true)]
    public Located<string>? Name { get; init; }

    [Key("values", "The values that make the sensitive group.", Min = 1, Max = 100)]
    public IReadOnlyList<Located<string>>? Values { get; init; }

    [Key("above", "The number above which a row belongs to the sensitive group.")]
    public Located<double>? Above { get; init; }
}

[Section("'build.explain'")]
public sealed record ExplainSection : JobSection
{
    [Key("data", "What is explained: a data set or STEP.OUTPUT.", Required = true)]
    public Located<string>? Data { get; init; }

    [Key("baseline", "A CSV file with the rows that stand for the absence of a feature.", DefaultText = "computed from the data", Example = "data/baseline.csv")]
    public Located<RepositoryPath>? Baseline { get; init; }

    [Key("num_samples", "How many coalitions of features are asked about for a row.", Default = "100", Min = 1, Max = 100_000)]
    public Located<long>? SampleCount { get; init; }

    [Key("agg_method", "How the rows' attributions become one.", Default = "mean_abs")]
    public Located<AggregationMethod>? Aggregation { get; init; }
}

public enum AggregationMethod
{
    MeanAbs,
    Median,
    MeanSq,
}
