using System.Globalization;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration;

/// <summary>
/// Values that are given at build time in place of the file's, such as another account or port: those that belong to a place, and not to
/// the model. They are put into the file's nodes before it is bound, so the same checks hold.
/// </summary>
public sealed record Overrides(IReadOnlyList<(string Path, string Value)> Values)
{
    public static Overrides None { get; } = new([]);

    /// <summary>The keys that may be given.</summary>
    public static IReadOnlyList<string> Allowed { get; } =
    [
        "aws.account", "aws.bucket", "aws.deploy_role", "aws.execution_role", "aws.kms_key", "aws.prefix", "aws.region",
        "local.interpreters.python", "local.interpreters.r", "local.port", "local.root", "local.sandbox",
    ];

    /// <summary>Reads KEY=VALUE texts. What is wrong with one is a diagnostic.</summary>
    public static Overrides Parse(IEnumerable<string> texts, ICollection<Diagnostic> problems)
    {
        var values = new List<(string, string)>();
        foreach (var text in texts.Where(t => t.Length > 0))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var path = equals < 0 ? text : text[..equals].Trim();
            if (equals < 0 || !Allowed.Contains(path))
                problems.Add(Errors.UnknownOverride(path, Allowed));
            else
                values.Add((path, text[(equals + 1)..].Trim()));
        }

        return new Overrides(values);
    }

    /// <summary>The nodes with the values in them. Each has a place of its own, which <see cref="Place"/> turns into one of the file.</summary>
    internal YamlNode Apply(YamlNode root)
    {
        for (var i = 0; i < Values.Count; i++)
            root = Set(root, Values[i].Path.Split('.'), 0, new YamlScalar(Marker(i), Values[i].Value, Quoted: false), Marker(i));
        return root;
    }

    /// <summary>A diagnostic of a given value says so, and stands at the file's first line: no line of the file is wrong.</summary>
    internal Diagnostic Place(Diagnostic diagnostic) => diagnostic.Span.Line > 0 ? diagnostic
        : diagnostic with { Span = Span.Start, Message = $"Of the value that was given for '{Values[-diagnostic.Span.Line].Path}': {diagnostic.Message}" };

    /// <summary>What is given at build time, by its place; null: a place of the file.</summary>
    internal string? PathAt(Span span) => span.Line > 0 || -span.Line >= Values.Count ? null : Values[-span.Line].Path;

    public override string ToString() => string.Join(';', Values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Path}={v.Value}")));

    private static Span Marker(int index) => new(-index, 1, -index, 1);

    private static YamlNode Set(YamlNode? node, string[] path, int at, YamlScalar value, Span place)
    {
        if (at == path.Length)
            return value;
        var mapping = node as YamlMapping ?? (node is null or YamlScalar { IsNull: true } ? new YamlMapping(place, 1, []) : null);
        if (mapping is null)
            return node!;
        var there = mapping[path[at]];
        var entry = new YamlEntry(path[at], there?.KeySpan ?? place, Set(there?.Value, path, at + 1, value, place));
        return mapping with { Entries = [.. mapping.Entries.Select(e => e.Key == path[at] ? entry : e), .. there is null ? [entry] : Array.Empty<YamlEntry>()] };
    }
}
