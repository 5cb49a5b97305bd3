using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'model'")]
[NotYet("artifact", "tags", "card")]
public sealed record ModelSection : Section
{
    /// <remarks>32, because it stands in names with the account, region and stage: S3 buckets have 63 characters, IAM roles 64.</remarks>
    [Key("name", "The model's name; names whatever has no name of its own.", Required = true,
        Pattern = "[a-z](-?[a-z0-9])*", PatternMeaning = "1 to 32 lower-case letters, digits and single '-', a letter first", Min = 1, Max = 32)]
    public Located<string>? Name { get; init; }

    [Key("description", "What the model does, in a sentence.", Max = 1024)]
    public Located<string>? Description { get; init; }

    [Key("owner", "Who answers for the model: a person or a team.", Max = 256)]
    public Located<string>? Owner { get; init; }

    [Key("problem_type", "The kind of problem; it decides which metrics have short names.", Default = "other")]
    public Located<ProblemType>? ProblemType { get; init; }

    [Key("domain", "The field, as SageMaker's registry shows it.", Default = "machine_learning")]
    public Located<ModelDomain>? Domain { get; init; }
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
