using Mlops.Configuration.Binding;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Model;

[Section("'runtime'")]
public sealed record RuntimeSection : Section
{
    [Key("framework", "What the code is written for.", Default = "custom")]
    public Located<Framework>? Framework { get; init; }

    [Key("framework_version", "The version of SageMaker's image of the framework, in quotes.", Pattern = "[0-9A-Za-z.-]+", PatternMeaning = "a version such as \"1.2-1\"", Max = 64, Example = "1.7-1")]
    public Located<string>? FrameworkVersion { get; init; }

    [Key("py_version", "The Python of the image, where SageMaker has several of one version.", Pattern = "py[0-9]+", PatternMeaning = "a Python such as py312", Example = "py312")]
    public Located<string>? PythonVersion { get; init; }

    [Key("image", "Your own container: an image URI. On aws needed for r and custom.", Example = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/churn:3")]
    public Located<ImageUri>? Image { get; init; }
}

public enum Framework
{
    Sklearn,
    Xgboost,
    Pytorch,
    Tensorflow,
    Huggingface,
    R,
    Dotnet,
    Custom,
}
