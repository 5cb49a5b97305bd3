namespace Mlops.Definitions;

/// <summary>What a build writes and verbs read: the names of its files, relative to the folder of the artifacts, with '/'.</summary>
public static class ArtifactFiles
{
    /// <summary>SageMaker's pipeline definition: <see cref="PipelineDefinition"/>.</summary>
    public const string Pipeline = "pipeline.json";

    /// <summary><see cref="DeploymentDefinition"/>.</summary>
    public const string Deployment = "deployment.json";

    /// <summary>The pipeline as a picture, in Mermaid's language.</summary>
    public const string Graph = "pipeline.mmd";

    /// <summary>Which files there are, with their hashes.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The parameters of the build's stack.</summary>
    public const string BuildParameters = "parameters.json";

    /// <summary>The C# program, as a bundle.</summary>
    public const string ProgramBundleName = "program";

    /// <summary>The parameters of a stage's stacks.</summary>
    public static string StageParameters(string stage) => $"parameters.{stage}.json";

    /// <summary>A CloudFormation template.</summary>
    /// <param name="name">Of <see cref="StackContract"/>.</param>
    public static string Template(string name) => $"{name}.template.json";

    /// <summary>Code, as a tar.</summary>
    public static string Bundle(string name) => $"source/{name}.tar";
}
