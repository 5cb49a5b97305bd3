namespace Mlops.Configuration.Values;

/// <summary>A place in Amazon S3: s3://BUCKET/PREFIX.</summary>
public readonly record struct S3Uri(string Text)
{
    public const string Expected = "an S3 URI such as s3://bucket/prefix/, without * ? \" \\ $ { }";
    public const string Scheme = "s3://";

    /// <summary>S3Uri of SageMaker's API takes as many.</summary>
    private const int MostCharacters = 1024;

    public string Bucket => Text[Scheme.Length..].Split('/')[0];

    /// <summary>What stands behind the bucket, without the '/' between.</summary>
    public string Key => Text.Length > Scheme.Length + Bucket.Length ? Text[(Scheme.Length + Bucket.Length + 1)..] : "";

    public static S3Uri? Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || text.Length > MostCharacters)
            return null;
        var uri = new S3Uri(text);
        return BucketNames.IsOne(uri.Bucket) && !uri.Key.Split('/').Any(p => p is ".." or ".") && !uri.Key.Any(IsRefused) ? uri : null;

        // Policies read patterns, templates references, and documents quotes: no name of a place needs them.
        static bool IsRefused(char c) => char.IsControl(c) || c is '*' or '?' or '"' or '\\' or '$' or '{' or '}';
    }

    public override string ToString() => Text;
}
