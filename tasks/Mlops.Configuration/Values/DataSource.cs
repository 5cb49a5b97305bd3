namespace Mlops.Configuration.Values;

/// <summary>Where data lies: a path within the repository, or an S3 URI.</summary>
public readonly record struct DataSource(string Text)
{
    public bool IsS3 => Text.StartsWith("s3://", StringComparison.Ordinal);

    public RepositoryPath Path => new(Text);

    public override string ToString() => Text;
}
