
namespace Mlops.Configuration.Facts;

/// <summary>Pipeline parameters that belong to a place and are filled in at publish.</summary>
public static class ReservedNames
{
    public const string ExecutionRole = "execution-role";

    public const string Bucket = "bucket";

    public const string GitCommit = "git-commit";

    /// <summary>What the data sets that lie in S3 hold: a place alone does not tell new data from old.</summary>
    public const string S3DataVersion = "s3-data-version";

    public const string DataPrefix = "data-";

    public const string ImagePrefix = "image-";

    public const string BaselinePrefix = "baseline-";

    public static bool IsReserved(string name) =>
        name is ExecutionRole or Bucket or GitCommit or S3DataVersion or "kms-key" or "model-artifact" || name.StartsWith(DataPrefix, StringComparison.Ordinal)
        || name.StartsWith(ImagePrefix, StringComparison.Ordinal) || name.StartsWith(BaselinePrefix, StringComparison.Ordinal);
}
