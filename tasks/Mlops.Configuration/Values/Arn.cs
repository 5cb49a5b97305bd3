namespace Mlops.Configuration.Values;

/// <summary>
/// An Amazon Resource Name, arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE (IAM's reference, "Amazon Resource Names").
/// IAM's and S3's have no region, and S3's no account. Patterns are none: a policy would allow more than what is meant.
/// </summary>
public readonly record struct Arn(string Text)
{
    public const string Expected = "an ARN, arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, of one thing: without * and ?";

    private const int MostCharacters = 2048;

    public string Partition => Part(1);

    public string Service => Part(2);

    public string Region => Part(3);

    public string Account => Part(4);

    /// <summary>What stands behind the account, such as role/NAME.</summary>
    public string Resource => Part(5);

    public static Arn? Parse(string text)
    {
        var parts = text.Split(':', 6);
        var valid = parts.Length == 6 && text.Length <= MostCharacters && parts[0] == "arn"
            && (parts[1] == "aws" || parts[1].StartsWith("aws-", StringComparison.Ordinal)) && parts[2].Length > 0 && parts[5].Length > 0
            && (parts[4].Length == 0 || (parts[4].Length == 12 && parts[4].All(char.IsAsciiDigit)))
            && text.All(c => c is > ' ' and < '\x7f' and not ('"' or '\'' or '<' or '>' or '\\' or '*' or '?')) && !text.Contains("${", StringComparison.Ordinal);
        return valid ? new Arn(text) : null;
    }

    /// <param name="kinds">SERVICE:RESOURCE PREFIX, several separated by '|': <c>kms:key/|kms:alias/</c>.</param>
    public bool IsOneOf(string kinds)
    {
        foreach (var kind in kinds.Split('|'))
        {
            var colon = kind.IndexOf(':', StringComparison.Ordinal);
            var prefix = kind[(colon + 1)..];
            if (Service == kind[..colon] && Resource.Length > prefix.Length && Resource.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>What such an ARN looks like: <c>arn:aws:kms:REGION:ACCOUNT:key/...</c>.</summary>
    public static string Form(string kinds) => Forms(kinds) + ", of one thing: without * and ?";

    private static string Forms(string kinds) => string.Join(" or ", kinds.Split('|').Select(kind =>
    {
        var colon = kind.IndexOf(':', StringComparison.Ordinal);
        var place = kind[..colon] == "iam" ? ":ACCOUNT" : "REGION:ACCOUNT";
        return $"arn:aws:{kind[..colon]}:{place}:{kind[(colon + 1)..]}...";
    }));

    public override string ToString() => Text;

    private string Part(int index) => Text.Split(':', 6)[index];
}
