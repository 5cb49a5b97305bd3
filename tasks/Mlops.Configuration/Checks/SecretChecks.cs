using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Checks;

/// <summary>
/// Credentials in plain text, anywhere in the file: a pipeline definition is readable by whoever may describe it.
/// Token forms are those that the issuers document; a key that is called like a secret is judged by its value.
/// </summary>
internal static partial class SecretChecks
{
    private static readonly (string Kind, Regex Form)[] Forms =
    [
        ("an AWS access key id", AwsAccessKey()),
        ("a private key", PrivateKey()),
        ("a GitHub token", GitHubToken()),
        ("a Slack token", SlackToken()),
        ("a JSON web token", JsonWebToken()),
        ("a URL with a password", UrlWithPassword()),
    ];

    public static void Check(YamlNode root, DiagnosticBag diagnostics) => Visit(root, "", diagnostics);

    private static void Visit(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        switch (node)
        {
            case YamlScalar scalar when KindOf(scalar.Text, key) is { } kind:
                diagnostics.Add(Errors.Secret(scalar.Span, kind, Mask(scalar.Text)));
                break;
            case YamlSequence list:
                foreach (var item in list.Items)
                    Visit(item, key, diagnostics);
                break;
            case YamlMapping mapping:
                foreach (var entry in mapping.Entries)
                    Visit(entry.Value, entry.Key, diagnostics);
                break;
        }
    }

    private static string? KindOf(string text, string key)
    {
        foreach (var (kind, form) in Forms)
        {
            if (form.IsMatch(text))
                return kind;
        }

        return SecretName().IsMatch(key) && !NameOfAPointer().IsMatch(key) && text.Length >= 4 && !Placeholder().IsMatch(text)
            ? $"the value of a secret, by its name '{Errors.Shown(key)}'" : null;
    }

    private static string Mask(string text) => text.Length < 8 ? "****" : $"{text[..4]}****";

    [GeneratedRegex("(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")]
    private static partial Regex AwsAccessKey();

    [GeneratedRegex("-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")]
    private static partial Regex PrivateKey();

    [GeneratedRegex("\\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})")]
    private static partial Regex GitHubToken();

    [GeneratedRegex("\\bxox[baprs]-[A-Za-z0-9-]{10,}")]
    private static partial Regex SlackToken();

    [GeneratedRegex("\\beyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex("\\b[a-z][a-z0-9+.-]{0,30}://[^/\\s:@${}]{1,200}:[^/\\s:@${}]{3,200}@")]
    private static partial Regex UrlWithPassword();

    [GeneratedRegex("passw(or)?d|passphrase|secret(?!s?_?manager)|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key|credential", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("(arn|name|id|path|uri|url|file|version|length|policy|type|rotation|ref|location)\\z", RegexOptions.IgnoreCase)]
    private static partial Regex NameOfAPointer();

    [GeneratedRegex("\\A(\\$\\{.*\\}|\\{\\{resolve:.*\\}\\}|arn:.*|\\*+|<.*>|none|null|true|false)\\z", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Placeholder();
}
