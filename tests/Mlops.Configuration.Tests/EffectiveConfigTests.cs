using System.Text;
using Mlops.Configuration.Files;
using Mlops.Configuration.Reports;

namespace Mlops.Configuration.Tests;

/// <summary>What the configuration means in the end: written values, defaults, and values that come from another key or from the build.</summary>
public sealed class EffectiveConfigTests
{
    private const string Text = """
        model: { name: penguins }
        build:
          instance: { type: ml.m5.2xlarge, volume: 50gb }
          train: { entry_point: src/train.py, inputs: [penguins], instance: { count: 2 } }
        data: { penguins: { source: data/penguins.csv } }
        """;

    [Theory]
    [InlineData("model.name", "penguins", "config.yaml(1,16)")]
    [InlineData("model.problem_type", "other", "default")]
    [InlineData("build.pipeline", "penguins", "that of model.name, config.yaml(1,16)")]
    [InlineData("build.experiment", "penguins", "that of model.name, config.yaml(1,16)")]
    [InlineData("build.train.instance.count", "2", "config.yaml(4,78)")]
    [InlineData("build.train.instance.type", "ml.m5.2xlarge", "that of build.instance.type, config.yaml(3,21)")]
    [InlineData("build.train.instance.volume", "50gb", "that of build.instance.volume, config.yaml(3,44)")]
    [InlineData("build.train.max_runtime", "1h", "default of build.max_runtime")]
    [InlineData("build.train.inputs.penguins.from", "penguins", "config.yaml(4,48)")]
    public void Each_value_says_where_it_comes_from(string path, string value, string source)
    {
        var found = Assert.Single(Show(Overrides.None), v => v.Path == path);

        Assert.Equal((value, source), (found.Value, found.Source));
    }

    [Fact]
    public void A_value_that_is_given_at_build_time_takes_the_place_of_the_files()
    {
        var found = Assert.Single(Show(new Overrides([("local.port", "9000")])), v => v.Path == "local.port");

        Assert.Equal(("9000", "given at build time"), (found.Value, found.Source));
    }

    [Fact]
    public void A_value_that_is_given_at_build_time_is_checked_like_the_files()
    {
        var found = Assert.Single(Read(new Overrides([("local.port", "80")])).Diagnostics, d => d.Code == "MLOPS2006");

        Assert.StartsWith("Of the value that was given for 'local.port': ", found.Message, StringComparison.Ordinal);
        Assert.Equal(1, found.Span.Line);
    }

    [Theory]
    [InlineData("model.name=other")]
    [InlineData("local.port")]
    public void Only_what_belongs_to_a_place_may_be_given_at_build_time(string text)
    {
        var problems = new List<Diagnostics.Diagnostic>();

        Overrides.Parse([text, "local.port=9000"], problems);

        Assert.Equal("MLOPS2017", Assert.Single(problems).Code);
    }

    private static IReadOnlyList<EffectiveValue> Show(Overrides overrides) => EffectiveConfig.Of(Read(overrides).Config!, "config.yaml", overrides);

    private static ConfigurationResult Read(Overrides overrides) => ConfigurationReader.Read(
        "config.yaml", Encoding.UTF8.GetBytes(Text), new RepositoryFiles(Path.Combine(TestFolder.Of<EffectiveConfigTests>(), "Golden", "repository")), overrides);
}
