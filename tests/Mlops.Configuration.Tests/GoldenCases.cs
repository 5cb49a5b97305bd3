using System.Text;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;

namespace Mlops.Configuration.Tests;

/// <summary>
/// A configuration, and the same configuration with its diagnostics under the lines that they belong to. With the environment
/// variable MLOPS_UPDATE_GOLDEN=1 the annotated files are written anew: read the difference, and explain it.
/// </summary>
public sealed class GoldenCases
{
    private static readonly string Folder = Path.Combine(TestFolder.Of<GoldenCases>(), "Golden");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Path.Combine(Folder, "cases"), "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Diagnostics_are_those_of_the_annotated_file(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, "cases", name + ".yaml"));
        var result = ConfigurationReader.Read("config.yaml", bytes, new RepositoryFiles(Path.Combine(Folder, "repository")));

        Golden.AssertEqual(Path.Combine(Folder, "cases", name + ".annotated"), Annotate(bytes, result.Diagnostics));
    }

    /// <summary>The whole language, by example: every section and key, with the files that it names.</summary>
    [Fact]
    public void The_full_example_builds_without_a_diagnostic() =>
        Assert.Empty(ConfigurationReader.Read(Path.Combine(Folder, "full", "config.yaml")).Diagnostics);

    [Fact]
    public void Every_code_of_a_configuration_has_a_case()
    {
        // These need a file system that a checkout cannot hold, or values given at build time; ConfigurationReaderTests and OverrideTests show them.
        string[] elsewhere = ["MLOPS1001", "MLOPS1002", "MLOPS1003", "MLOPS2017", "MLOPS3020"];
        var shown = Directory.GetFiles(Path.Combine(Folder, "cases"), "*.annotated").SelectMany(File.ReadLines)
            .Where(l => l.StartsWith("#@", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]).ToHashSet();

        var missing = DiagnosticCodes.OfErrors().Except(shown).Except(elsewhere).Order(StringComparer.Ordinal);

        Assert.Empty(missing);
    }

    private static string Annotate(byte[] bytes, IReadOnlyList<Diagnostic> diagnostics)
    {
        var lines = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        var text = new StringBuilder();
        for (var i = 0; i < lines.Length; i++)
        {
            text.Append(lines[i]).Append('\n');
            foreach (var d in diagnostics.Where(d => d.Span.Line == i + 1))
                text.Append($"#@ {d.Span.Column}-{(d.Span.EndLine == d.Span.Line ? d.Span.EndColumn : 0)} {d.Code} {d.Severity}: {d.FullMessage}\n");
        }

        return text.ToString();
    }
}
