namespace Mlops.Configuration.Values;

/// <summary>The name of a bucket.</summary>
public readonly record struct BucketName(string Text)
{
    public override string ToString() => Text;
}
