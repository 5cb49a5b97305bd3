namespace Mlops.Sdk.Tests;

/// <summary>The choices of 'dotnet new mlops-model'.</summary>
[Collection(PackagesCollection.Name)]
public sealed class TemplateTests(PackagesFixture packages)
{
    [SkippableTheory]
    [InlineData("python", "sklearn, pandas")]
    [InlineData("notebook", "sklearn, pandas, nbclient, ipykernel")]
    [InlineData("byom", "json")]
    [InlineData("r", null)]
    public async Task A_repository_is_measured_gated_registered_and_served_and_nothing_is_done_twice(string steps, string? modules)
    {
        var python = modules is null ? R() : Python(modules);
        var penguins = await packages.ModelAsync("penguins", "--steps", steps);
        await File.AppendAllTextAsync(Path.Combine(penguins.Folder, "config.yaml"), $"\nlocal: {{ interpreters: {{ python: {python} }} }}\n");

        var deployed = (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded();
        Assert.DoesNotContain("warning", deployed, StringComparison.Ordinal);
        Assert.Contains("version 1 registered", deployed, StringComparison.Ordinal);
        await Penguins.PredictsAsync(penguins.Folder, Penguins.Url(deployed, "staging"));

        Assert.Contains("No changes.", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("dotnet", "binary_classification", "")]
    [InlineData("dotnet", "regression", "")]
    [InlineData("python", "binary_classification", "sklearn, pandas")]
    [InlineData("python", "regression", "sklearn, pandas")]
    [InlineData("notebook", "regression", "sklearn, pandas, nbclient, ipykernel")]
    [InlineData("byom", "binary_classification", "json")]
    [InlineData("byom", "regression", "json")]
    [InlineData("r", "binary_classification", null)]
    [InlineData("r", "regression", null)]
    public async Task A_repository_of_another_problem_type_is_as_whole(string steps, string problemType, string? modules)
    {
        var python = modules switch { null => R(), "" => "python3", _ => Python(modules) };
        var penguins = await packages.ModelAsync("penguins", "--steps", steps, "--problem-type", problemType);
        await File.AppendAllTextAsync(Path.Combine(penguins.Folder, "config.yaml"), $"\nlocal: {{ interpreters: {{ python: {python} }} }}\n");

        var deployed = (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded();

        Assert.DoesNotContain("warning", deployed, StringComparison.Ordinal);
        Assert.Contains("version 1 registered", deployed, StringComparison.Ordinal);
        await Penguins.PredictsAsync(penguins.Folder, Penguins.Url(deployed, "staging"), problemType == "regression" ? "body_mass_g" : "sex", share: 0.85);
    }

    [SkippableTheory]
    [InlineData("dotnet")]
    [InlineData("python")]
    [InlineData("notebook")]
    [InlineData("r")]
    [InlineData("byom")]
    public async Task AWS_finds_nothing_in_what_a_new_repository_is_compiled_into(string steps)
    {
        Skip.If(Conformance.Folder is null || !Conformance.HasPython("cfnlint") || !Conformance.HasPython("botocore"), Conformance.Missing);
        var penguins = await packages.ModelAsync("penguins", "--steps", steps);
        (await penguins.RunAsync("build")).Succeeded();
        var artifacts = Path.Combine(penguins.Folder, "bin", "Debug", "net10.0", "mlops");
        artifacts = Directory.Exists(artifacts) ? artifacts : artifacts.Replace("Debug", "Release", StringComparison.Ordinal);

        var definition = Conformance.RunPython(Path.Combine(Conformance.Folder!, "check_definition.py"), "--strict", Path.Combine(artifacts, "pipeline.json"));
        var templates = Conformance.Run("bash", Path.Combine(Conformance.Folder!, "check_templates.sh"), artifacts, "--quiet");

        Assert.True(definition.ExitCode == 0, definition.Output);
        Assert.True(templates.ExitCode == 0, templates.Output);
    }

    [Theory]
    [InlineData("github_actions", ".github/workflows/mlops.yml")]
    [InlineData("gitlab", ".gitlab-ci.yml")]
    [InlineData("azure_pipelines", "azure-pipelines.yml")]
    [InlineData("codepipeline", "buildspec.yml")]
    public async Task A_host_is_chosen_and_its_files_are_written(string host, string file)
    {
        string[] role = host == "codepipeline" ? [] : ["--ci-role", "arn:aws:iam::111111111111:role/ci"];
        var penguins = await packages.ModelAsync("penguins", ["--steps", "python", "--ci", host, "--ci-repository", "acme/penguins", .. role, "--allow-scripts", "yes"]);

        var written = await File.ReadAllTextAsync(Path.Combine(penguins.Folder, file));
        (await penguins.RunAsync("build", "-t:MlopsCi")).Succeeded();

        Assert.Contains("dotnet publish -t:MlopsDeploy -p:MlopsPlatform=aws", written, StringComparison.Ordinal);
        Assert.Equal(written, await File.ReadAllTextAsync(Path.Combine(penguins.Folder, file)));
    }

    /// <summary>A Python that has some modules; a system's packages are often of another one than the first on the path.</summary>
    private static string Python(string modules)
    {
        var python = new[] { "python3", "/usr/bin/python3", "python" }.FirstOrDefault(p => Conformance.Run(p, "-c", $"import {modules}").ExitCode == 0);
        Skip.If(python is null, $"No Python with {modules} is installed.");
        return python!;
    }

    /// <summary>Skips where R lacks what its steps use; Python is what it is by default.</summary>
    private static string R()
    {
        Skip.If(Conformance.Run("Rscript", "-e", "library(nnet); library(httpuv); library(jsonlite)").ExitCode != 0, "No R with nnet, httpuv and jsonlite is installed.");
        return "python3";
    }
}
