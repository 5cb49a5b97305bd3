using Mlops.Quickstart;

namespace Mlops.Sdk.Tests;

/// <summary>How a build behaves, on a repository of scripts.</summary>
[Collection(PackagesCollection.Name)]
public sealed class BuildTests(PackagesFixture packages)
{
    [SkippableFact]
    public async Task A_repository_without_CSharp_compiles_nothing_and_runs()
    {
        var model = await packages.ScriptsAsync();

        (await model.RunAsync("build")).Succeeded();
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(model.Folder, "bin"), "*.dll", SearchOption.AllDirectories));
        Assert.True(File.Exists(Path.Combine(model.Folder, "obj", "config.schema.json")));
        (await model.RunAsync("publish")).Succeeded();
        Assert.False(Directory.Exists(Path.Combine(model.Folder, ".mlops")));

        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        Assert.Contains("version 1 registered", (await model.RunAsync("build", "-t:MlopsRun", "-tl:off")).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_build_runs_nothing_and_each_change_rebuilds()
    {
        var model = await packages.ScriptsAsync();
        await EditAsync(model, "config.yaml", "train: { entry_point: src/train.py,", "train: { entry_point: src/train.py, source_dir: src,");
        (await model.RunAsync("build")).Succeeded();
        Assert.False(await CompilesAsync(model), "An unchanged build compiled.");

        await EditAsync(model, "src/train.py", "import os", "import os ");
        Assert.True(await CompilesAsync(model), "An edit of a step was missed.");
        Assert.False(await CompilesAsync(model));

        var added = Path.Combine(model.Folder, "src", "old.py");
        await File.WriteAllTextAsync(added, "");
        File.SetLastWriteTimeUtc(added, DateTime.UtcNow.AddYears(-5));
        Assert.True(await CompilesAsync(model), "A file with an old date was missed.");
        File.Delete(added);
        Assert.True(await CompilesAsync(model), "A deleted file was missed.");
        Assert.False(await CompilesAsync(model));

        File.Delete(Path.Combine(Artifacts(model), "pipeline.json"));
        Assert.True(await CompilesAsync(model), "A deleted artifact was missed.");
        await EditAsync(model, "model.csproj", "/>", "></Project>");
        Assert.True(await CompilesAsync(model), "An edit of the project was missed.");
        Assert.True(await CompilesAsync(model, "-p:MlopsSet=\"local.port=9090\""), "A changed property was missed.");
        Assert.True(await CompilesAsync(model));
        Assert.False(await CompilesAsync(model));
        var sdk = (await model.RunAsync("msbuild", "-getProperty:MlopsTasksAssembly")).Succeeded().Trim();
        var written = File.GetLastWriteTimeUtc(sdk);
        try
        {
            File.SetLastWriteTimeUtc(sdk, written.AddSeconds(1));
            Assert.True(await CompilesAsync(model), "Another SDK was missed.");
            Assert.False(await CompilesAsync(model));
        }
        finally
        {
            File.SetLastWriteTimeUtc(sdk, written); // Other tests build with it.
        }

        File.Delete(Path.Combine(model.Folder, "src", "evaluate.py"));
        Assert.Contains("error MLOPS3002", (await model.RunAsync("build")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Twenty_projects_build_at_once_and_two_builds_of_one_do_not_harm_each_other()
    {
        var first = await packages.ScriptsAsync();
        (await first.RunAsync("build")).Succeeded();
        var expected = Artifacts(first);
        var all = Path.Combine(first.Folder, "all");
        var projects = Enumerable.Range(1, 20).Select(i => $"m{i}").ToList();
        foreach (var file in new[] { "model.csproj", "config.yaml", "data/numbers.csv", "src/train.py", "src/evaluate.py" })
        {
            foreach (var project in projects)
            {
                var copy = Path.Combine(all, project, file.Replace("model.csproj", $"{project}.csproj", StringComparison.Ordinal));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(Path.Combine(first.Folder, file), copy);
            }
        }

        await File.WriteAllTextAsync(Path.Combine(all, "all.slnx"), $"<Solution>{string.Concat(projects.Select(p => $"<Project Path=\"{p}/{p}.csproj\" />"))}</Solution>");
        (await first.In("all").RunAsync("build", "-m", "-c", "Release")).Succeeded();
        await EditAsync(first, "config.yaml", "scale: 2", "scale: 3");
        var both = await Task.WhenAll(first.RunAsync("build", "--no-restore"), first.RunAsync("build", "--no-restore"));
        Assert.All(both, b => b.Succeeded());
        await EditAsync(first, "config.yaml", "scale: 3", "scale: 2");
        (await first.RunAsync("build", "--no-restore")).Succeeded();

        Assert.All(projects, project => Assert.Equal(Contents(expected), Contents(Artifacts(first.In(Path.Combine("all", project))))));

        static string Contents(string folder) => File.ReadAllText(Path.Combine(folder, "manifest.json"));
    }

    [Fact]
    public async Task Question_passes_after_a_build_and_fails_after_an_edit()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("build")).Succeeded();

        Assert.Equal(0, (await model.RunAsync("build", "--no-restore", "-question")).ExitCode);
        await EditAsync(model, "src/train.py", "import os", "import os ");
        Assert.NotEqual(0, (await model.RunAsync("build", "--no-restore", "-question")).ExitCode);
    }

    [Fact]
    public async Task Mistakes_are_shown_in_canonical_form_all_at_once()
    {
        var model = await packages.ScriptsAsync();
        await EditAsync(model, "config.yaml", "problem_type: regression", "problem_typ: regression");
        await EditAsync(model, "config.yaml", "max: 1", "max: low");

        var result = await model.RunAsync("build", "-tl:off");

        var config = Path.Combine(model.Folder, "config.yaml");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{config}(1,25): error MLOPS2001: 'model' has no key 'problem_typ'. Did you mean 'problem_type'?", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{config}(7,32): error MLOPS2004: 'low' is not a value of 'max': it takes a number.", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Artifacts(model)));
    }

    [Theory]
    [InlineData("-p:NoWarn=MLOPS4001", 0, "0 Warning(s)")]
    [InlineData("-p:WarningsAsErrors=MLOPS4001", 1, "error MLOPS4001")]
    [InlineData("-p:TreatWarningsAsErrors=true", 1, "error MLOPS4001")]
    [InlineData("-warnaserror", 1, "error MLOPS4001")]
    [InlineData("-v:m", 0, "warning MLOPS4001")]
    public async Task Lints_are_steered_by_MSBuild_s_own_means(string option, int exitCode, string expected)
    {
        var model = await packages.ScriptsAsync();
        await EditAsync(model, "config.yaml", "  quality_gates: { mae: { max: 1 } }", "");

        var result = await model.RunAsync("build", "-tl:off", option);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clean_removes_what_a_build_made()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("build")).Succeeded();

        (await model.RunAsync("clean")).Succeeded();

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(model.Folder, "bin"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(model.Folder, "obj"), "mlops.*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_SDK_is_found_by_global_json_and_composes_with_Microsoft_NET_Sdk()
    {
        var model = await packages.ScriptsAsync();
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "global.json"), $"{{ \"msbuild-sdks\": {{ \"Mlops.Sdk\": \"{packages.Version}\" }} }}");
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "model.csproj"), "<Project Sdk=\"Mlops.Sdk\" />");
        (await model.RunAsync("build")).Succeeded();
        Assert.True(File.Exists(Path.Combine(Artifacts(model), "pipeline.json")));

        await File.WriteAllTextAsync(Path.Combine(model.Folder, "model.csproj"), $"<Project Sdk=\"Microsoft.NET.Sdk;Mlops.Sdk/{packages.Version}\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
        var composed = (await model.RunAsync("build", "-tl:off")).Succeeded();
        Assert.DoesNotContain("MSB4011", composed, StringComparison.Ordinal);
        Assert.Equal("true", (await model.RunAsync("msbuild", "-getProperty:UsingMlopsSdk")).Succeeded().Trim());
    }

    [Fact]
    public async Task Builds_that_editors_make_to_understand_a_project_do_no_work()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("restore")).Succeeded();

        (await model.RunAsync("msbuild", "-t:Compile", "-p:DesignTimeBuild=true", "-p:BuildingProject=false", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true")).Succeeded();

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(model.Folder, "obj"), "mlops.*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Artifacts_go_where_outputs_go()
    {
        var model = await packages.ScriptsAsync();

        (await model.RunAsync("build", "--artifacts-path", "out")).Succeeded();

        Assert.Single(Directory.EnumerateFiles(Path.Combine(model.Folder, "out", "bin"), "pipeline.json", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(Path.Combine(model.Folder, "bin")));
    }

    [Fact]
    public async Task CSharp_files_that_nothing_compiles_are_not_passed_over()
    {
        var model = await packages.ScriptsAsync();
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "Program.cs"), "");

        Assert.Contains("error MLOPS0005", (await model.RunAsync("build")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_template_builds_where_versions_are_managed_centrally()
    {
        var model = await packages.ModelAsync();
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "Directory.Packages.props"), "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>");

        (await model.RunAsync("build")).Succeeded();

        Assert.True(File.Exists(Path.Combine(Artifacts(model), "pipeline.json")));
    }

    [Fact]
    public async Task A_model_is_built_of_one_framework()
    {
        var model = await packages.ScriptsAsync();
        await EditAsync(model, "model.csproj", "/>", "><PropertyGroup><TargetFrameworks>net10.0;net9.0</TargetFrameworks></PropertyGroup></Project>");

        Assert.Contains("error MLOPS0007", (await model.RunAsync("build", "-t:MlopsRun")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-t:MlopsStatus", "", "MLOPS0010")]
    [InlineData("-t:MlopsApprove", "-p:MlopsModelVersion=abc", "MLOPS0016")]
    [InlineData("-t:MlopsRun", "-p:MlopsParameters=x", "MLOPS0016")]
    [InlineData("-t:MlopsRun", "-p:MlopsFromStep=nowhere", "MLOPS5016")]
    [InlineData("-t:MlopsDestroy", "-p:MlopsStgae=staging", "MLOPS0023: There is no property 'MlopsStgae', and nothing was done. Did you mean 'MlopsStage'?")]
    [InlineData("-t:MlopsPlan", "-p:MlopsStage=staging", "MLOPS0016")]
    public async Task Verbs_say_what_is_wrong_with_how_they_are_used(string verb, string property, string code)
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("restore")).Succeeded();

        Assert.Contains($"error {code}", (await model.RunAsync(["build", "--no-restore", verb, .. property.Length > 0 ? new[] { property } : []])).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_failed_program_is_one_error_with_what_it_said_before_it()
    {
        Skip.IfNot(Conformance.HasPython("json"), "python3 is not installed.");
        var model = await packages.ScriptsAsync();
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "src", "train.py"), "print('first line')\nprint('second line')\nraise SystemExit('no rows')\n");

        var output = (await model.RunAsync("build", "-t:MlopsRun", "-tl:off", "-clp:NoSummary")).Output;

        var error = Assert.Single(output.Split('\n').Where(l => l.Contains("error MLOPS", StringComparison.Ordinal)).Distinct());
        Assert.Contains("The step 'train' failed", error, StringComparison.Ordinal);
        Assert.Contains("no rows", error, StringComparison.Ordinal);
        Assert.Contains("second line", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_without_a_build_or_permission_is_not_silent()
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("restore")).Succeeded();
        Assert.DoesNotContain("MSB4184", (await model.RunAsync("publish", "--no-build")).Output, StringComparison.Ordinal);

        var refused = await model.RunAsync("publish", "-t:MlopsDeploy", "-p:IsPublishable=false", "-tl:off");
        Assert.Contains("warning MLOPS0008", refused.Succeeded(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(model.Folder, ".mlops")));
    }

    [Fact]
    public async Task Folders_of_all_kinds_build()
    {
        var model = await packages.ScriptsAsync();
        var strange = Path.Combine(Path.GetDirectoryName(model.Folder)!, "O'Doe, Jane = ünïcode");
        Directory.Move(model.Folder, strange);

        (await model.In(strange).RunAsync("build")).Succeeded();

        Assert.True(File.Exists(Path.Combine(Artifacts(model.In(strange)), "pipeline.json")));
    }

    [Fact]
    public async Task What_only_compiling_finds_is_a_warning_of_the_build_too()
    {
        var model = await packages.ScriptsAsync();
        await File.WriteAllTextAsync(Path.Combine(model.Folder, "src", "common.py"), "");
        await EditAsync(model, Path.Combine("src", "train.py"), "import os", "import os, common");

        var built = (await model.RunAsync("build", "-tl:off")).Succeeded();

        Assert.Contains("config.yaml(5,25): warning MLOPS3062: 'src/train.py' imports 'common'", built, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("moon")]
    [InlineData("AWS")]
    public async Task An_unknown_platform_is_refused(string platform) =>
        Assert.Contains("error MLOPS0006", (await (await packages.ScriptsAsync()).RunAsync("build", $"-p:MlopsPlatform={platform}")).Output, StringComparison.Ordinal);

    /// <summary>A command line has no other way to hand on a list.</summary>
    [Theory]
    [InlineData("-p:MlopsOnlySteps=train%3Bnowhere", "no step 'nowhere'")]
    [InlineData("-p:MlopsParameters=a=1%3Bb", "'b' is no value of MlopsParameters")]
    public async Task Lists_are_parted_where_their_separator_is_escaped(string property, string said)
    {
        var model = await packages.ScriptsAsync();
        (await model.RunAsync("restore")).Succeeded();

        Assert.Contains(said, (await model.RunAsync("build", "--no-restore", "-t:MlopsRun", property)).Output, StringComparison.Ordinal);
    }

    /// <summary>A model of scripts is no assembly: a project that refers to it is built after it, and compiled without it.</summary>
    [Fact]
    public async Task A_program_may_refer_to_a_model_of_scripts()
    {
        var model = await packages.ScriptsAsync();
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(model.Folder)!, "program-" + Path.GetFileName(model.Folder))).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "program.csproj"), $"""<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup><ProjectReference Include="../{Path.GetFileName(model.Folder)}/model.csproj" /></ItemGroup></Project>""");
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), "public static class Program;");

        (await model.In(folder).RunAsync("build")).Succeeded();

        Assert.True(File.Exists(Path.Combine(folder, "bin", "Debug", "net10.0", "program.dll")));
    }

    private static string Artifacts(Dotnet model) => Path.Combine(model.Folder, "bin", "Release", "net10.0", "mlops");

    private static async Task<bool> CompilesAsync(Dotnet model, params string[] arguments)
    {
        var output = (await model.RunAsync(["build", "-v:n", "-tl:off", .. arguments])).Succeeded();
        return !output.Contains("Skipping target \"_MlopsCompileChanged\"", StringComparison.Ordinal);
    }

    private static async Task EditAsync(Dotnet model, string file, string before, string after)
    {
        var path = Path.Combine(model.Folder, file);
        var text = await File.ReadAllTextAsync(path);
        Assert.Contains(before, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(before, after, StringComparison.Ordinal));
    }
}
