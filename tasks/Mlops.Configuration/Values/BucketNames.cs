namespace Mlops.Configuration.Values;

/// <summary>The names that S3 takes for buckets ("General purpose bucket naming rules" of its user guide).</summary>
public static class BucketNames
{
    public const string Expected = "a bucket's name: 3 to 63 lower-case letters, digits, '-' and '.', a letter or digit at both ends";

    private static readonly string[] ReservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
    private static readonly string[] ReservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

    public static bool IsOne(string name) =>
        name.Length is >= 3 and <= 63 && IsEdge(name[0]) && IsEdge(name[^1])
        && name.All(c => IsEdge(c) || c is '-' or '.') && !name.Contains("..", StringComparison.Ordinal) && !LooksLikeAddress(name)
        && !ReservedPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal)) && !ReservedSuffixes.Any(s => name.EndsWith(s, StringComparison.Ordinal));

    private static bool IsEdge(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);

    private static bool LooksLikeAddress(string name) => name.Count(c => c == '.') == 3 && name.All(c => char.IsAsciiDigit(c) || c == '.');
}
