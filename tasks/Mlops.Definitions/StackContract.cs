namespace Mlops.Definitions;

/// <summary>What the compiler's templates and a deploy call alike: whoever changes a name here changes it for both, and for stacks that are there already.</summary>
public static class StackContract
{
    /// <summary>Files, NAME.template.json.</summary>
    public const string BuildTemplate = "model-build";
    public const string DeployTemplate = "model-deploy";
    public const string MonitorTemplate = "model-monitor";

    /// <summary>The bucket that a stack is given, where it makes none.</summary>
    public const string BucketParameter = "BucketName";

    /// <summary>The role that a stack is given, where it makes none.</summary>
    public const string RoleParameter = "ExecutionRoleArn";

    /// <summary>The topic that a stack is given, where it makes none.</summary>
    public const string TopicParameter = "TopicArn";

    /// <summary>The version that a stage serves: the ARN of its model package.</summary>
    public const string PackageParameter = "ModelPackageArn";

    /// <summary>The bucket in which the archives of versions lie.</summary>
    public const string ModelBucketParameter = "ModelBucketName";

    public const string StreamSourceParameter = "StreamSource";

    /// <summary>Where the first reading of a stream begins.</summary>
    public const string StreamStartParameter = "StreamStart";

    /// <summary>Of the build's stack: the group of the versions.</summary>
    public const string GroupResource = "ModelPackageGroup";

    /// <summary>Of the build's stack: what it made.</summary>
    public const string BucketOutput = "Bucket";
    public const string RoleOutput = "ExecutionRole";
    public const string RepositoryOutput = "Repository";
    public const string TopicOutput = "Topic";

    /// <summary>Of a stage's stack: by which mode its endpoint serves.</summary>
    public const string EndpointModeOutput = "EndpointMode";
}
