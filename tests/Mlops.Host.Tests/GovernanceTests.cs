using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Mlops.Host.Tests;

/// <summary>Of what a version was made, whether that is what is here, and who did what.</summary>
public sealed class GovernanceTests
{
    [SkippableFact]
    public async Task A_version_knows_its_code_data_parameters_metrics_and_decisions()
    {
        await using var repository = await DeployedAsync();
        await repository.SucceedAsync("approve", "--reason", "looked at it");

        var lineage = await repository.SucceedAsync("lineage");

        foreach (var part in new[] { "planned: version 1", "made of config.yaml  sha256:", "made of code/source/train.tar  sha256:", "made of data/numbers  sha256:", "metric regression_metrics.mae.value = 0.5", "looked at it" })
            Assert.Contains(part, lineage, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_model_card_says_all_that_is_known_of_a_version()
    {
        await using var repository = await DeployedAsync(c => c
            .Replace("model: { name: planned, problem_type: regression }", "model: { name: planned, problem_type: regression, description: Guesses numbers., owner: ml@example.com, card: { intended_uses: \"Sums | totals\", risk_rating: low, caveats: Not for money. } }", StringComparison.Ordinal)
            .Replace("  quality_gates:", "  register: { metadata: { campaign: eu } }\n  quality_gates:", StringComparison.Ordinal));
        await repository.SucceedAsync("approve", "--reason", "one | two");

        await repository.SucceedAsync("card", "1", "--out", repository.PathOf("card.md"));
        var card = await File.ReadAllTextAsync(repository.PathOf("card.md"));

        Assert.StartsWith("# planned, version 1\n\n> Guesses numbers.\n\n## Overview\n\n|  |  |\n| --- | --- |\n| Status | Approved |\n", card, StringComparison.Ordinal);
        foreach (var part in new[] { "| Owner | ml@example.com |", "| Problem type | regression |", "| Risk rating | Low |", "## Intended uses\n\n> Sums | totals\n", "| data/numbers | s3://", "| config.yaml |  | sha256:", "| regression_metrics.mae.value | 0.5 |", "| staging | Approved |", "| one \\| two |", "| campaign | eu |", "## Caveats and recommendations\n\n> Not for money.\n" })
            Assert.Contains(part, card, StringComparison.Ordinal);
        Assert.Equal(card, await repository.SucceedAsync("card"));
    }

    [SkippableTheory]
    [InlineData(true, "--metric", "mae<=0.5")]
    [InlineData(true, "--metric", "regression_metrics.mae.value = 0.5", "--status", "PendingManualApproval")]
    [InlineData(true, "--property", "campaign=eu", "--property", "campaign=")]
    [InlineData(false, "--metric", "mae<0.5")]
    [InlineData(false, "--metric", "rmse<=1")]
    [InlineData(false, "--property", "campaign=us")]
    [InlineData(false, "--status", "Approved")]
    public async Task Versions_are_found_by_metrics_properties_and_status(bool isFound, params string[] wanted)
    {
        await using var repository = await DeployedAsync(c => c.Replace("  quality_gates:", "  register: { metadata: { campaign: eu } }\n  quality_gates:", StringComparison.Ordinal));

        var output = await repository.SucceedAsync(["models", .. wanted]);

        Assert.Equal(isFound, output.Contains("version 1", StringComparison.Ordinal));
        Assert.Equal(!isFound, output.Contains("There is no such version.", StringComparison.Ordinal));
        Assert.Equal(64, (await repository.RunAsync("models", "--metric", "mae")).ExitCode);
    }

    [SkippableFact]
    public async Task The_content_of_the_data_is_locked_beside_the_configuration()
    {
        await using var repository = await DeployedAsync();

        var locked = JsonNode.Parse(File.ReadAllText(repository.PathOf("data.lock")))!;

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(repository.PathOf("data/numbers.csv")))), (string?)locked["Data"]!["numbers"]!["Sha256"]);
    }

    [SkippableFact]
    public async Task The_statement_is_verified_without_a_network_and_finds_what_was_changed()
    {
        await using var repository = await DeployedAsync();
        var statement = repository.PathOf(".mlops/provenance/planned/1.intoto.json");

        var verified = await repository.SucceedAsync("verify", statement);
        File.AppendAllText(repository.PathOf("data/numbers.csv"), "3,4\n");
        var (exitCode, output) = await repository.RunAsync("verify", statement);

        Assert.Contains("data/numbers: the same", verified, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
        Assert.Contains("data/numbers: differs", output, StringComparison.Ordinal);
        Assert.Contains("error MLOPS8012: 1 of what", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_model_archive_is_checked_against_its_statement()
    {
        await using var repository = await DeployedAsync();
        var statement = repository.PathOf(".mlops/provenance/planned/1.intoto.json");
        var subject = JsonNode.Parse(File.ReadAllText(statement))!["subject"]![0]!;
        var model = repository.PathOf(".mlops/s3/" + ((string)subject["name"]!)["s3://".Length..]);

        var verified = await repository.SucceedAsync("verify", statement, "--model", model);
        File.WriteAllText(model, "another");
        var (exitCode, _) = await repository.RunAsync("verify", statement, "--model", model);

        Assert.Contains("model.tar.gz: the same", verified, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [SkippableFact]
    public async Task A_model_archive_that_was_changed_in_the_store_is_found_without_being_named()
    {
        await using var repository = await DeployedAsync();
        var verified = await repository.SucceedAsync("verify");
        foreach (var model in Directory.GetFiles(repository.PathOf(".mlops/s3"), "model.tar.gz", SearchOption.AllDirectories))
            File.WriteAllText(model, "another");

        var (exitCode, output) = await repository.RunAsync("verify");

        Assert.Contains("model.tar.gz: the same", verified, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
        Assert.Contains("model.tar.gz: differs", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_statement_that_a_killed_run_did_not_come_to_write_is_written_by_the_next_command()
    {
        await using var repository = await DeployedAsync();
        var statement = repository.PathOf(".mlops/provenance/planned/1.intoto.json");
        File.Delete(statement);

        await repository.SucceedAsync("deploy");
        var verified = await repository.SucceedAsync("verify");

        // Of a run of before only that is attested which cannot have been otherwise.
        Assert.Contains("code/source/train.tar: the same", verified, StringComparison.Ordinal);
        Assert.Contains("data/numbers: the same", verified, StringComparison.Ordinal);
        Assert.Contains("config.yaml: not known", verified, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Code_and_data_that_were_changed_in_the_store_are_put_back_before_they_are_used()
    {
        await using var repository = await DeployedAsync();
        foreach (var stored in Directory.GetFiles(repository.PathOf(".mlops/s3"), "*", SearchOption.AllDirectories).Where(f => f.Contains("/source/", StringComparison.Ordinal) || f.Contains("/data/", StringComparison.Ordinal)))
            File.AppendAllText(stored, "\nraise SystemExit('changed')\n");

        await repository.ChangeAsync("depth: 3", "depth: 4");

        await repository.SucceedAsync("run"); // What was changed would have failed it.
    }

    [SkippableFact]
    public async Task What_changed_something_or_failed_is_kept_with_who_did_it()
    {
        await using var repository = await DeployedAsync();
        await repository.SucceedAsync("deploy");
        await repository.RunAsync("reject");

        var audit = (await repository.SucceedAsync("audit")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2, audit.Length);
        Assert.Contains("reject    MLOPS8007", audit[0], StringComparison.Ordinal);
        Assert.Contains("deploy    Done", audit[1], StringComparison.Ordinal);
        Assert.Contains(Environment.UserName, audit[1], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Data_and_versions_go_for_good_where_the_model_is_named()
    {
        await using var repository = await DeployedAsync();
        File.WriteAllText(repository.PathOf(".mlops/mine.txt"), "of the user");
        Assert.Contains("--all", (await repository.RunAsync("destroy", "--data", "planned")).Output, StringComparison.Ordinal);
        Assert.Contains("MLOPS5020", (await repository.RunAsync("destroy", "--all", "--data", "large")).Output, StringComparison.Ordinal);

        await repository.SucceedAsync("run");
        File.WriteAllText(repository.PathOf("other.json"), """{"Version": "2020-12-01", "Steps": [{"Name": "s", "Type": "Processing", "Arguments": {"AppSpecification": {"ImageUri": "any", "ContainerEntrypoint": ["python3", "-c", "1"]}}}]}""");
        Assert.Equal(0, (await MlopsProgram.RunAsync(repository.PathOf("."), "run", "other.json", "--yes")).ExitCode);
        Assert.Contains("MLOPS6046", (await repository.RunAsync("destroy", "--all", "--data", "planned")).Output, StringComparison.Ordinal);
        Assert.NotEmpty(await repository.SucceedAsync("lineage", "1"));
        Directory.Delete(repository.PathOf(".mlops"), recursive: true);
        await repository.SucceedAsync("run");
        File.WriteAllText(repository.PathOf(".mlops/mine.txt"), "of the user");

        await repository.SucceedAsync("destroy", "--all", "--data", "planned");

        Assert.Equal([".gitignore", "audit.jsonl", "mine.txt"], Directory.GetFileSystemEntries(repository.PathOf(".mlops")).Select(Path.GetFileName).Where(n => !n!.Contains(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("destroy", (await repository.SucceedAsync("audit")).Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("version 1", await repository.SucceedAsync("run"), StringComparison.Ordinal);
    }

    private static async Task<SmallRepository> DeployedAsync(Func<string, string>? change = null)
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        var repository = new SmallRepository();
        if (change is not null)
            File.WriteAllText(repository.PathOf("config.yaml"), change(File.ReadAllText(repository.PathOf("config.yaml"))));
        await repository.CompileAsync();
        await repository.SucceedAsync("deploy");
        return repository;
    }
}
