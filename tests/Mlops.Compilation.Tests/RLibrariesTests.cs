using Mlops.Compilation.Bundles;

namespace Mlops.Compilation.Tests;

/// <summary>What an R program attaches on every run.</summary>
public sealed class RLibrariesTests
{
    [Theory]
    [InlineData("library(nnet)\nlibrary('jsonlite')\nlibrary(\"data.table\", quietly = TRUE)\nlibrary( stats ) # always", "data.table jsonlite nnet stats")]
    [InlineData("# library(no)\nif (x) {\n  library(no)\n}\nlibrary(name, character.only = TRUE)\nrequire(no)\nno::call()", "")]
    [InlineData(".libPaths('/mine')\nlibrary(mine)", "")]
    [InlineData("if (!requireNamespace('ranger')) install.packages('ranger')\nlibrary(ranger)", "")]
    [InlineData("renv::restore()\nlibrary(ranger)", "")]
    [InlineData("source('lib/common.R')\nsource(other)", "common")]
    public void Are_the_calls_at_the_margin(string program, string expected)
    {
        using var folder = TestFolder.Temporary();
        folder.Write("train.R", program);
        folder.Write("lib/common.R", "source('lib/common.R')\nlibrary(common)\n");

        Assert.Equal(expected, string.Join(' ', RLibraries.Of([("train.R", folder.File("train.R")), ("lib/common.R", folder.File("lib/common.R"))], "train.R")));
    }

    [Fact]
    public void Are_none_of_other_programs() => Assert.Empty(RLibraries.Of([("train.py", "nowhere")], "train.py"));
}
