namespace Mlops.Platform;

/// <summary>Pipeline parameters that belong to a place, and whose values publishing fills in.</summary>
public static class PublishedParameters
{
    public const string ExecutionRole = "execution-role";
    public const string Bucket = "bucket";

    /// <summary>What the data sets in S3 hold.</summary>
    public const string S3DataVersion = "s3-data-version";

    /// <summary>What was checked out: recorded, and no reason to run again.</summary>
    public const string GitCommit = "git-commit";
}
