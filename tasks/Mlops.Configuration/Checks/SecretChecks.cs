using System.Buffers;
using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Checks;

/// <summary>
/// Credentials in plain text, anywhere in the file, comments and broken YAML included: a pipeline definition is readable by whoever
/// may describe it, and a repository by many. Token forms are those that the issuers document; what a key calls a secret is judged by its value.
/// </summary>
public static partial class SecretChecks
{
    public const string Code = "MLOPS3015";

    /// <summary>So many of the forms below are of nothing but a credential.</summary>
    private const int CertainForms = 4;

    /// <summary>Each with texts of which it always holds one: most lines have none, and are passed over at once.</summary>
    private static readonly (string Kind, Regex Form, SearchValues<string> Signs)[] Forms =
    [
        ("an AWS access key id", AwsAccessKey(), Signs("AKIA", "ASIA")),
        ("a private key", PrivateKey(), Signs("-----BEGIN")),
        ("a token of an online service", ServiceToken(), Signs("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "xapp-", "AIza", "sk_live_", "sk-", "hf_", "npm_", "SG.", "hooks.slack.com")),
        ("a JSON web token", JsonWebToken(), Signs("eyJ")),
        ("a URL with a password", UrlWithPassword(), Signs("://")),
        ("a connection string with a password", ConnectionString(), Signs("=")),
    ];

    /// <summary>
    /// Tokens in a file of code, by the forms that nothing else has: a URL or a connection string in code is often an example. Keys that AWS's
    /// own documentation shows are passed over.
    /// </summary>
    public static IEnumerable<(int Line, string Kind, string Masked)> InSource(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            foreach (var (kind, form, signs) in Forms.Take(CertainForms))
            {
                if (line.AsSpan().ContainsAny(signs) && form.Match(line) is { Success: true } match && !match.Value.EndsWith("EXAMPLE", StringComparison.Ordinal))
                    yield return (number, kind, Mask(match.Value));
            }
        }
    }

    /// <summary>Finds tokens by their form, line by line.</summary>
    internal static void CheckText(SourceText source, DiagnosticBag diagnostics)
    {
        // Most files hold the signs of no token: those forms are not asked for line by line.
        var forms = Forms.Where(f => source.Text.AsSpan().ContainsAny(f.Signs)).ToList();
        for (var line = 1; line <= source.LineCount; line++)
        {
            var text = source.Line(line);
            foreach (var (kind, form, signs) in forms)
            {
                if (text.AsSpan().ContainsAny(signs) && form.Match(text) is { Success: true } match)
                    diagnostics.Add(Errors.Secret(new Span(line, match.Index + 1, line, match.Index + match.Length + 1), kind, Mask(match.Value)));
            }
        }
    }

    private static SearchValues<string> Signs(params string[] texts) => SearchValues.Create(texts, StringComparison.Ordinal);

    /// <summary>Finds values whose key says that they are secret.</summary>
    internal static void CheckNames(YamlNode root, DiagnosticBag diagnostics) => Visit(root, "", diagnostics);

    /// <summary>Takes what was found out of the other messages, which quote values.</summary>
    internal static void Redact(SourceText source, DiagnosticBag diagnostics)
    {
        foreach (var found in diagnostics.InOrder().Where(d => d.Code == Code))
        {
            var line = source.Line(found.Span.Line);
            var (from, to) = (Math.Min(found.Span.Column - 1, line.Length), found.Span.EndLine == found.Span.Line ? Math.Min(found.Span.EndColumn - 1, line.Length) : line.Length);
            if (to - from >= 4 && line[from..to].Trim('"', '\'') is { Length: >= 4 } secret)
                diagnostics.Redact(secret, "****", Code);
        }
    }

    private static void Visit(YamlNode node, string key, DiagnosticBag diagnostics)
    {
        switch (node)
        {
            case YamlScalar scalar when key.Length > 0 && IsSecretOf(key, scalar.Text) && !Forms.Any(f => f.Form.IsMatch(scalar.Text)):
                diagnostics.Add(Errors.Secret(scalar.Span, $"the value of a secret, by its name '{Errors.Shown(key)}'", Mask(scalar.Text)));
                break;
            case YamlSequence list:
                foreach (var item in list.Items)
                    Visit(item, key, diagnostics);
                break;
            case YamlMapping mapping:
                foreach (var entry in mapping.Entries)
                    Visit(entry.Value, entry.Value is YamlMapping ? "" : entry.Key, diagnostics);
                break;
        }
    }

    private static bool IsSecretOf(string key, string text) =>
        SecretName().IsMatch(key) && !NameOfAPointer().IsMatch(key) && text.Length >= 4 && !Placeholder().IsMatch(text);

    /// <summary>Enough to find it again, too little to use: of a long one the first four characters, which tell its kind.</summary>
    private static string Mask(string text) => text.Length < 16 ? "****" : $"{text[..4]}****";

    [GeneratedRegex("(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")]
    private static partial Regex AwsAccessKey();

    [GeneratedRegex("-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")]
    private static partial Regex PrivateKey();

    [GeneratedRegex("\\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|sk_live_[A-Za-z0-9]{16,}|sk-(?:proj|ant)-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,})|hooks\\.slack\\.com/services/[A-Za-z0-9/]{20,}")]
    private static partial Regex ServiceToken();

    [GeneratedRegex("\\beyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex("\\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^/\\s:@${}\"']{1,200}:[^/\\s:@${}\"']{3,200}@")]
    private static partial Regex UrlWithPassword();

    [GeneratedRegex("(?:AccountKey|SharedAccessKey|Password|Pwd)=[^;\\s\"'${}]{4,200}(?=[;\\s\"'}\\]]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex ConnectionString();

    [GeneratedRegex("passw(or)?d|passphrase|passwort|_pwd\\z|_pass\\z|secret(?!s?_?manager|ary)|api[_-]?key|access[_-]?key|(auth|api|session|access)[_-]?token|\\Atoken\\z|private[_-]?key|credential", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("(arn|name|id|path|uri|url|file|version|length|policy|type|rotation|ref|location|header|prefix|provider|chars)\\z", RegexOptions.IgnoreCase)]
    private static partial Regex NameOfAPointer();

    [GeneratedRegex("\\A(\\$\\{.*\\}|\\{\\{resolve:.*\\}\\}|arn:aws.*|\\*+|<[a-z -]*>|none|null|true|false|[a-z0-9-]+\\.[a-z0-9-]+)\\z", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Placeholder();
}
