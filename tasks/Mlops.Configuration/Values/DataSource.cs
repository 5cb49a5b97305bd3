namespace Mlops.Configuration.Values;

/// <summary>Where data lies: a path within the repository, or an S3 URI.</summary>
public readonly record struct DataSource(string Text)
{
    public bool IsS3 => Text.StartsWith(S3Uri.Scheme, StringComparison.Ordinal);

    public RepositoryPath Path => new(Text);

    public override string ToString() => Text;
}
