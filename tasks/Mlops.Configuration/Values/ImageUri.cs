namespace Mlops.Configuration.Values;

/// <summary>A container image: [HOST[:PORT]/]REPOSITORY[:TAG][@sha256:DIGEST] (the distribution project's reference grammar); at most 255 characters, as SageMaker takes.</summary>
public readonly record struct ImageUri(string Text)
{
    public const string Expected = "an image URI such as 111111111111.dkr.ecr.eu-west-1.amazonaws.com/name:tag";

    private const int MostCharacters = 255;

    public static ImageUri? Parse(string text)
    {
        if (text.Length is 0 or > MostCharacters || text.Any(c => c is <= ' ' or >= '\x7f') || text.Contains("//", StringComparison.Ordinal))
            return null;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && !(text[at..].StartsWith("@sha256:", StringComparison.Ordinal) && text.Length == at + 72 && text[(at + 8)..].All(char.IsAsciiHexDigitLower)))
            return null;
        var name = at < 0 ? text : text[..at];
        var colon = name.LastIndexOf(':');
        var hasTag = colon > name.LastIndexOf('/');
        var tag = hasTag ? name[(colon + 1)..] : "latest";
        var repository = hasTag ? name[..colon] : name;
        var valid = tag.Length is > 0 and <= 128 && tag[0] is not ('.' or '-') && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            && repository.Length > 0 && repository[0] != '/' && repository[^1] != '/'
            && repository.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or ':');
        return valid ? new ImageUri(text) : null;
    }

    public override string ToString() => Text;
}
