using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Documentation;

namespace Mlops.Configuration.Tests;

public sealed class DocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(TestFolder.Repository, "docs", "diagnostics.md"));

    [Fact]
    public void Every_code_of_the_product_has_one_heading_and_every_heading_a_code()
    {
        var headings = Regex.Matches(Text, "^## (MLOPS[0-9]{4}): ", RegexOptions.Multiline).Select(m => m.Groups[1].Value).ToList();
        var targets = Directory.EnumerateFiles(Path.Combine(TestFolder.Repository, "sdk"), "*.targets", SearchOption.AllDirectories)
            .SelectMany(f => Regex.Matches(File.ReadAllText(f), "Code=\"(MLOPS[0-9]{4})\"").Select(m => m.Groups[1].Value));

        Assert.Equal(headings.Distinct(), headings);
        // Where the links of diagnostics lead: a heading's own anchor has its words as well.
        Assert.Equal(headings.Select(h => h.ToLowerInvariant()), Regex.Matches(Text, "^<a id=\"(.*)\"></a>\n\n## ", RegexOptions.Multiline).Select(m => m.Groups[1].Value));
        Assert.Equal(headings.Order(StringComparer.Ordinal), headings);
        Assert.Equal(DiagnosticCodes.OfSources(TestFolder.Repository).Union(targets).Order(StringComparer.Ordinal), headings);
    }

    [Fact]
    public void No_code_is_used_for_two_things()
    {
        var codes = DiagnosticCodes.OfErrors();

        Assert.Equal(codes.Distinct(), codes);
    }

    [Fact]
    public void Every_message_says_more_than_what_happened()
    {
        foreach (var section in Text.Split("\n## ").Skip(1))
            Assert.Contains("**What to do.** ", section, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_is_made_from_the_types() =>
        Golden.AssertEqual(Path.Combine(TestFolder.Repository, "docs", "config.md"), ConfigReference.Write());

    [SkippableFact]
    public void The_schema_accepts_what_the_binder_accepts_and_refuses_what_it_can_know()
    {
        Skip.IfNot(Conformance.HasPython("jsonschema, yaml"), "python3 with jsonschema and PyYAML is not installed.");
        using var folder = TestFolder.Temporary();
        folder.Write("schema.json", ConfigSchema.Write());
        folder.Write("check.py", """
            import json, sys, yaml, glob, os
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            wrong, refused = [], 0
            for file in sorted(glob.glob(sys.argv[2] + "/*.annotated")):
                name = os.path.basename(file)
                if name.startswith(("text-", "syntax-")): continue
                lines = open(file, encoding="utf-8").read().split("\n")
                codes = {l.split(" ")[2] for l in lines if l.startswith("#@")}
                try: document = yaml.safe_load("\n".join(lines))
                except yaml.YAMLError: continue
                errors = list(validator.iter_errors(document))
                types = {c for c in codes if c.startswith("MLOPS2") and c not in ("MLOPS2008", "MLOPS2009", "MLOPS2012")}
                if errors and not codes: wrong.append(f"{name}: the schema refuses what builds: {errors[0].message}")
                refused += bool(errors and types)
            print("\n".join(wrong), refused)
            sys.exit(1 if wrong or refused < 20 else 0)
            """);

        var (exitCode, output) = Conformance.RunPython(folder.File("check.py"), folder.File("schema.json"), Path.Combine(TestFolder.Of<DocumentationTests>(), "Golden", "cases"));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("acuracy", "accuracy")]
    [InlineData("problemtype", "problem_type")]
    [InlineData("problem", "problem_type")]
    [InlineData("scikit-learn", "sklearn")]
    [InlineData("zebra", null)]
    public void A_near_word_is_suggested_and_a_far_one_is_not(string word, string? expected) =>
        Assert.Equal(expected, DidYouMean.Nearest(word, ["accuracy", "problem_type", "name", "sklearn"]));
}
