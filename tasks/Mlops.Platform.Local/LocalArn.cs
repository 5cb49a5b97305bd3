namespace Mlops.Platform.Local;

/// <summary>Names of what is here in the form that SageMaker's answers have: of no region and no account.</summary>
internal static class LocalArn
{
    /// <param name="kind">training-job, model-package, ...</param>
    public static string Of(string kind, string name) => $"arn:aws:sagemaker:local:000000000000:{kind}/{name}";
}
