using System.Diagnostics;
using System.Text;
using CsCheck;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Tests;

public sealed class ConfigurationReaderTests
{
    private static readonly string Golden = Path.Combine(TestFolder.Of<ConfigurationReaderTests>(), "Golden");
    private static readonly string Valid = File.ReadAllText(Path.Combine(Golden, "cases", "minimal.yaml"));

    /// <summary>MLOPS_FUZZ makes a longer run of it.</summary>
    private static readonly int Iterations = int.TryParse(Environment.GetEnvironmentVariable("MLOPS_FUZZ"), out var given) ? given : 3000;

    private static readonly string[] Traps = ["[", "]", "{", "}", ":", "- ", "&a ", "*a", "<<: ", "|", ">", "'", "\"", "#", "\n", "? ", "!x ", "---\n", "...", "%YAML", "@", "`", "\0", "\t"];

    [Fact]
    public void A_missing_file_is_an_error_with_the_way_out()
    {
        var found = Assert.Single(ConfigurationReader.Read(Path.Combine(Golden, "nowhere", "config.yaml")).Diagnostics);

        Assert.Equal("MLOPS1001", found.Code);
        Assert.Contains("dotnet new mlops-model", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.yml")]
    [InlineData("Config.yaml.txt")]
    public void A_file_that_is_called_almost_so_is_proposed(string name)
    {
        using var folder = TestFolder.Temporary();
        folder.Write(name, Valid);

        var found = Assert.Single(ConfigurationReader.Read(folder.File("config.yaml")).Diagnostics);

        Assert.Contains($"Did you mean '{name}'? Rename it to 'config.yaml'.", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_no_configuration() =>
        Assert.Equal("MLOPS1002", Assert.Single(ConfigurationReader.Read(Golden).Diagnostics).Code);

    [Fact]
    public void A_byte_more_than_the_limit_is_refused_and_the_limit_is_not()
    {
        Assert.Equal("MLOPS1003", Assert.Single(Read(new string('#', Limits.Bytes + 1)).Diagnostics).Code);
        Assert.DoesNotContain(Read(new string('#', Limits.Bytes)).Diagnostics, d => d.Code == "MLOPS1003");
    }

    [SkippableFact]
    public void A_device_without_end_is_read_up_to_the_limit()
    {
        Skip.IfNot(File.Exists("/dev/zero"), "This system has no /dev/zero.");

        Assert.Equal("MLOPS1003", Assert.Single(ConfigurationReader.Read("/dev/zero").Diagnostics).Code);
    }

    [SkippableFact]
    public void A_link_that_leads_out_of_the_repository_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right on Windows.");
        using var folder = TestFolder.Temporary();
        folder.Write("config.yaml", Valid);
        foreach (var file in new[] { "preprocess.py", "evaluate.py", "inference.py" })
            folder.Write("src/" + file, "");
        folder.Write("data/penguins.csv", "species\n");
        File.CreateSymbolicLink(folder.File("src/train.py"), "/etc/hostname");

        var found = Assert.Single(ConfigurationReader.Read(folder.File("config.yaml")).Diagnostics, d => d.Severity == Severity.Error);

        Assert.Equal(("MLOPS3001", 17), (found.Code, found.Span.Line));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Line_breaks_do_not_move_places(string lineBreak)
    {
        var text = Valid.Replace("min: 0.9", "min: high", StringComparison.Ordinal);

        Assert.Equal(Read(text).Diagnostics, Read(text.Replace("\n", lineBreak, StringComparison.Ordinal)).Diagnostics);
    }

    [Fact]
    public void All_mistakes_come_in_one_run_in_the_order_of_the_text_and_none_twice()
    {
        var found = Read(File.ReadAllText(Path.Combine(Golden, "cases", "type-everything-at-once.yaml"))).Diagnostics;

        Assert.Equal(found.OrderBy(d => d.Span.Line).ThenBy(d => d.Span.Column), found);
        Assert.Equal(found.Distinct(), found);
        Assert.True(found.Count >= 5);
    }

    [Theory]
    [InlineData("cases/minimal.yaml", "repository")]
    [InlineData("full/config.yaml", "full")]
    public void No_input_crashes_hangs_or_points_outside_the_text(string file, string repository)
    {
        var lines = File.ReadAllText(Path.Combine(Golden, file)).Split('\n');
        var mutations =
            from line in Gen.Int[0, lines.Length - 1]
            from column in Gen.Int[0, 80]
            from text in Gen.OneOf(Gen.String, Gen.Int[0, Traps.Length - 1].Select(i => Traps[i]))
            from delete in Gen.Int[0, 10]
            select (line, column, text, delete);

        mutations.Array[1, 4].Sample(changes =>
        {
            var mutated = Mutate(changes);
            var clock = Stopwatch.StartNew();
            var result = Read(mutated, repository);

            var last = mutated.ReplaceLineEndings("\n").Split('\n').Length + 1;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
            Assert.All(result.Diagnostics, d => Assert.InRange(d.Span.Line, 1, last));
            Assert.All(result.Diagnostics, d => Assert.DoesNotContain('\n', d.FullMessage));
        }, iter: Iterations);

        string Mutate((int Line, int Column, string Text, int Delete)[] changes)
        {
            var copy = (string[])lines.Clone();
            foreach (var (line, column, text, delete) in changes)
            {
                var at = Math.Min(column, copy[line].Length);
                copy[line] = copy[line][..at] + text + copy[line][Math.Min(copy[line].Length, at + delete)..];
            }

            return string.Join('\n', copy);
        }
    }

    /// <summary>A parser reports where it cannot go on; a person looks for where it went wrong.</summary>
    [Theory]
    [InlineData("  name: customer-churn", "  name customer-churn")]
    [InlineData("  name: customer-churn", "  name:customer-churn")]
    [InlineData("    source: data/customers.csv", "    source: 'data/customers.csv")]
    [InlineData("  owner: retention@example.com", "  owner: \"retention@example.com")]
    [InlineData("  instance: { type: ml.m5.xlarge, count: 1, volume: 30gb }", "  instance: { type: ml.m5.xlarge, count: 1, volume: 30gb")]
    [InlineData("    inputs: [model, preprocess.test]", "    inputs: model, preprocess.test]")]
    [InlineData("retrain:", "retrain: {")]
    [InlineData("inference:", "inference:}")]
    [InlineData("    data: customers\n", "   data: customers\n")]
    [InlineData("  account: \"111111111111\"", "   account: \"111111111111\"")]
    [InlineData("  - stage: acceptance", "  - stage:acceptance")]
    [InlineData("    entry_point: src/evaluate.py", "    entry_point: @src/evaluate.py")]
    public void A_syntax_error_stands_at_the_line_of_the_mistake(string right, string wrong)
    {
        var text = File.ReadAllText(Path.Combine(Golden, "full", "config.yaml")).ReplaceLineEndings("\n");
        var at = text.IndexOf(right, StringComparison.Ordinal);
        var line = text[..at].Count(c => c == '\n') + 1;

        var found = Read(text[..at] + wrong + text[(at + right.Length)..], "full").Diagnostics.Where(d => d.Severity == Severity.Error);

        Assert.Equal(line, found.First().Span.Line);
    }

    [Fact]
    public void Bombs_are_refused_by_a_stated_limit()
    {
        var aliases = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"b{i}: &{(char)('a' + i)} [*{(char)('a' + i - 1)}, *{(char)('a' + i - 1)}, *{(char)('a' + i - 1)}]\n"));

        Assert.Equal("MLOPS1009", Assert.Single(Read(aliases).Diagnostics).Code);
        Assert.Equal("MLOPS1008", Assert.Single(Read(new string('[', 200_000)).Diagnostics).Code);
        Assert.Contains(Read(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}: 1\n"))).Diagnostics, d => d.Code == "MLOPS1009");
    }

    private static ConfigurationResult Read(string text, string repository = "repository") =>
        ConfigurationReader.Read("config.yaml", Encoding.UTF8.GetBytes(text), new RepositoryFiles(Path.Combine(Golden, repository)));
}
