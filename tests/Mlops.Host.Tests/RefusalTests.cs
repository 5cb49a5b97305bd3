namespace Mlops.Host.Tests;

/// <summary>What a verb is asked for and cannot do is an error with a code, before anything is begun: each with its exit code, and none with a stack trace.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task What_cannot_be_done_is_said()
    {
        await using var repository = new SmallRepository();
        await repository.CompileAsync();

        foreach (var (code, arguments) in new (string, string[])[]
        {
            ("MLOPS0012", ["approve", "--stage", "nowhere"]),
            ("MLOPS0012", ["deploy", "--stage", "nowhere"]),
            ("MLOPS0019", ["deploy", "--plan", "config.yaml"]),
            ("MLOPS0021", ["plan", "--out", "src"]),
            ("MLOPS5008", ["predict", "src"]),
            ("MLOPS5009", ["logs", "nobody"]),
            ("MLOPS6013", ["predict", "data/numbers.csv"]),
            ("MLOPS6021", ["compare", "one", "another"]),
            ("MLOPS6028", ["batch", "--stage", "staging"]),
            ("MLOPS6035", ["stream", "--once"]),
            ("MLOPS8001", ["lineage", "3"]),
            ("MLOPS8001", ["deploy", "--version", "9"]),
            ("MLOPS8002", ["approve", "--stage", "staging"]),
            ("MLOPS8002", ["card"]),
            ("MLOPS8007", ["reject", "--stage", "staging"]),
            ("MLOPS8011", ["verify", "config.yaml"]),
        })
        {
            var (exitCode, output) = await repository.RunAsync(arguments);

            Assert.True(exitCode == 1, $"{string.Join(' ', arguments)}: {exitCode}, {output}");
            Assert.Contains($"error {code}", output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Artifacts_that_are_damaged_are_no_defect_of_the_program()
    {
        await using var repository = new SmallRepository();
        await repository.CompileAsync();
        File.WriteAllText(repository.PathOf("bin/mlops/pipeline.json"), "{");

        var (exitCode, output) = await repository.RunAsync("run");

        Assert.Equal(1, exitCode);
        Assert.Contains("error MLOPS0011", output, StringComparison.Ordinal);
    }
}
