namespace Mlops.Configuration.Values;

/// <summary>A path within the repository: relative to config.yaml, with '/', not upwards. That the file exists is a check of its own.</summary>
public readonly record struct RepositoryPath(string Text)
{
    /// <summary>S3 keys take as many bytes.</summary>
    private const int MostCharacters = 1024;

    /// <summary>The file's name without its folder.</summary>
    public string FileName => Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>The file's folder, or null where it lies beside config.yaml.</summary>
    public string? Folder => Text.LastIndexOf('/') is > 0 and var end ? Text[..end] : null;

    /// <summary>The file's extension in lower case, with the dot, or an empty string.</summary>
    public string Extension => Path.GetExtension(Text).ToLowerInvariant();

    /// <summary>Whether this form can only lead to places below the repository's folder (links are looked at later).</summary>
    public bool StaysInside =>
        Text.Length is > 0 and <= MostCharacters && Text[0] != '/' && !Text.Contains('\\') && !Text.Contains(':') && !Text.Contains('%')
        && !Text.StartsWith('~') && !Text.Split('/').Contains("..");

    public override string ToString() => Text;
}
