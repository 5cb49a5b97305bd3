using System.Diagnostics.CodeAnalysis;

namespace Mlops.Definitions;

/// <summary>Objects of S3 by their URI: s3://BUCKET/KEY.</summary>
public static class S3Place
{
    public const string Scheme = "s3://";

    public static bool IsOne([NotNullWhen(true)] string? text) => text?.StartsWith(Scheme, StringComparison.Ordinal) == true;

    public static string Of(string bucket, string key) => $"{Scheme}{bucket}/{key}";

    /// <summary>The key of a bucket alone is empty.</summary>
    public static (string Bucket, string Key) Split(string uri) =>
        uri[Scheme.Length..].Split('/', 2) is [var bucket, var key] ? (bucket, key) : (uri[Scheme.Length..], "");
}
