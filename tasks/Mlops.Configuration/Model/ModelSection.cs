using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'model'")]
public sealed record ModelSection : Section
{
    /// <remarks>32, because it stands in names with the account, region and stage: S3 buckets have 63 characters, IAM roles 64.</remarks>
    [Key("name", "The model's name; names whatever has no name of its own.", Required = true, Example = "customer-churn",
        Pattern = "[a-z](-?[a-z0-9])*", PatternMeaning = "1 to 32 lower-case letters, digits and single '-', a letter first", Min = 1, Max = 32)]
    public Located<string>? Name { get; init; }

    [Key("description", "What the model does, in a sentence.", Max = 1024)]
    public Located<string>? Description { get; init; }

    [Key("owner", "Who answers for the model: a person or a team.", Max = 256, Example = "retention@example.com")]
    public Located<string>? Owner { get; init; }

    [Key("problem_type", "The kind of problem; it decides which metrics have short names.", Default = "other")]
    public Located<ProblemType>? ProblemType { get; init; }

    [Key("domain", "The field, as SageMaker's registry shows it.", Default = "machine_learning")]
    public Located<ModelDomain>? Domain { get; init; }

    [Key("artifact", "A model that you bring, in place of 'build.train': a model.tar.gz of the repository, or its S3 URI.", Example = "models/model.tar.gz")]
    public Located<DataSource>? Artifact { get; init; }

    [Key("tags", "Tags of every resource; a resource has 50, of which some are the SDK's.", Max = 47)]
    public NamedMap<Given<string>>? Tags { get; init; }

    [Key("card", "The model card; what each build measures is filled in.")]
    public CardSection? Card { get; init; }
}

/// <summary>What a person writes into a model card, by its schema (modelcard.schema.json 1.0.1: intended_uses, additional_information).</summary>
[Section("'card'")]
public sealed record CardSection : Section
{
    [Key("intended_uses", "What the model is for.", Max = 2048)]
    public Located<string>? IntendedUses { get; init; }

    [Key("risk_rating", "What a wrong answer may do.", Default = "unknown")]
    public Located<RiskRating>? RiskRating { get; init; }

    [Key("caveats", "What the model is not for, and what to mind.", Max = 2048)]
    public Located<string>? Caveats { get; init; }
}

public enum RiskRating
{
    Unknown,
    Low,
    Medium,
    High,
}

public enum ProblemType
{
    Regression,
    BinaryClassification,
    MulticlassClassification,
    Forecasting,
    Clustering,
    Ranking,
    Other,
}

public enum ModelDomain
{
    MachineLearning,
    ComputerVision,
    NaturalLanguageProcessing,
}
