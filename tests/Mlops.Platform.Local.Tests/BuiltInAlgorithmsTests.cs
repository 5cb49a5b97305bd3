using Mlops.Platform.Local.Toolkits;

namespace Mlops.Platform.Local.Tests;

/// <summary>Images that have a program of their own.</summary>
public sealed class BuiltInAlgorithmsTests
{
    [Theory]
    [InlineData("local/xgboost:1.7-1", "1.7")]
    [InlineData("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3", "1.0")]
    [InlineData("811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest", "1.0")]
    [InlineData("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3", null)]
    [InlineData("123456789012.dkr.ecr.us-east-1.amazonaws.com/my-xgboost:1.7-1", null)]
    public void The_version_of_XGBoost_is_read_from_the_image(string image, string? expected) =>
        Assert.Equal(expected, BuiltInAlgorithms.XgboostVersion(image));
}
