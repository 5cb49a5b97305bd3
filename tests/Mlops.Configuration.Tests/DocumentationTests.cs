using System.Text.RegularExpressions;
using Mlops.Configuration.Diagnostics;

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

    [Theory]
    [InlineData("acuracy", "accuracy")]
    [InlineData("problemtype", "problem_type")]
    [InlineData("zebra", null)]
    public void A_near_word_is_suggested_and_a_far_one_is_not(string word, string? expected) =>
        Assert.Equal(expected, DidYouMean.Nearest(word, ["accuracy", "problem_type", "name"]));
}
