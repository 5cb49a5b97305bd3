using System.Text.Json.Nodes;

namespace Mlops.Sdk.Tests;

/// <summary>The configuration language as MSBuild shows it: effective values, values given at build time, SARIF, what is not carried out.</summary>
[Collection(PackagesCollection.Name)]
public sealed class LanguageTests(PackagesFixture packages)
{
    [Fact]
    public async Task MlopsShow_returns_every_value_with_where_it_comes_from()
    {
        var model = await packages.ScriptsAsync();

        var json = JsonNode.Parse((await model.RunAsync("build", "-t:MlopsShow", "-getTargetResult:MlopsShow", "-p:MlopsSet=\"local.port=9090\"")).Succeeded())!;

        var items = json["TargetResults"]!["MlopsShow"]!["Items"]!.AsArray().ToDictionary(i => i!["Identity"]!.ToString(), i => (i!["Value"]!.ToString(), i["Source"]!.ToString()));
        Assert.Equal(("scripts", "config.yaml(1,16)"), items["model.name"]);
        Assert.Equal(("30d", "default of build.cache"), items["build.train.cache"]);
        Assert.Equal(("9090", "given at build time"), items["local.port"]);
    }

    [Fact]
    public async Task A_value_given_at_build_time_is_compiled_checked_and_rebuilds()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("build")).Succeeded();

        (await model.RunAsync("build", "-p:MlopsSet=\"local.port=9090\"")).Succeeded();
        Assert.Contains("9090", await File.ReadAllTextAsync(Path.Combine(model.Folder, "bin", "Release", "net10.0", "mlops", "deployment.json")), StringComparison.Ordinal);
        Assert.Contains("error MLOPS2006", (await model.RunAsync("build", "-p:MlopsSet=\"local.port=80\"")).Output, StringComparison.Ordinal);
        Assert.Contains("error MLOPS2017", (await model.RunAsync("build", "-p:MlopsSet=\"model.name=other\"")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MlopsCi_writes_the_files_of_the_host_and_returns_them()
    {
        var model = await packages.ScriptsAsync();
        await File.AppendAllTextAsync(Path.Combine(model.Folder, "config.yaml"), "\nci: { provider: github_actions, repository: acme/scripts, role: \"arn:aws:iam::111111111111:role/ci\" }\n");

        var json = JsonNode.Parse((await model.RunAsync("build", "-t:MlopsCi", "-getTargetResult:MlopsCi")).Succeeded())!;

        var file = Path.Combine(model.Folder, ".github", "workflows", "mlops.yml");
        Assert.Equal(file, Assert.Single(json["TargetResults"]!["MlopsCi"]!["Items"]!.AsArray())!["FullPath"]!.ToString());
        Assert.Contains("role-to-assume: arn:aws:iam::111111111111:role/ci", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        await File.AppendAllTextAsync(file, "# mine\n");
        Assert.Contains("error MLOPS3061", (await model.RunAsync("build", "-t:MlopsCi")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diagnostics_are_written_as_SARIF_on_request()
    {
        var model = await packages.ScriptsAsync();
        var config = Path.Combine(model.Folder, "config.yaml");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("max: 1", "max: high", StringComparison.Ordinal));

        var built = await model.RunAsync("build", "-p:MlopsSarif=out/mlops.sarif");

        Assert.NotEqual(0, built.ExitCode);
        var result = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(model.Folder, "out", "mlops.sarif")))!["runs"]![0]!["results"]![0]!;
        Assert.Equal("MLOPS2004", result["ruleId"]!.ToString());
        Assert.Equal("config.yaml", result["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]!.ToString());
    }

    [Fact]
    public async Task Lints_are_steered_by_MSBuilds_own_means()
    {
        var model = await packages.ScriptsAsync();
        var config = Path.Combine(model.Folder, "config.yaml");
        await File.AppendAllTextAsync(config, "\nretrain: { on_new_data: [numbers] }\n");

        Assert.Contains("warning MLOPS4010", (await model.RunAsync("build", "-tl:off")).Succeeded(), StringComparison.Ordinal);
        Assert.DoesNotContain("MLOPS4010", (await model.RunAsync("build", "-tl:off", "-p:NoWarn=MLOPS4010")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("error MLOPS4010", (await model.RunAsync("build", "-tl:off", "-warnaserror:MLOPS4010")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_carried_out_builds_and_is_refused_before_anything_begins()
    {
        var model = await packages.ScriptsAsync();
        var config = Path.Combine(model.Folder, "config.yaml");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("build:\n", "build:\n  check_data: { data: numbers }\n", StringComparison.Ordinal));
        (await model.RunAsync("build")).Succeeded();

        var run = await model.RunAsync("build", "-t:MlopsRun", "-tl:off");

        Assert.Contains("config.yaml(5,15): error MLOPS5011: 'build.check_data'", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("execution", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Visual_Studio_learns_the_inputs_that_only_config_yaml_names()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("build")).Succeeded();

        var output = (await model.RunAsync("msbuild", "-t:_MlopsCollectUpToDateCheck", "-getItem:UpToDateCheckInput")).Succeeded();

        Assert.Contains("train.py", output, StringComparison.Ordinal);
    }
}
