namespace Mlops.Host.Tests;

/// <summary>Continuous training: the program that watches, on a repository that trains again when its data changes.</summary>
public sealed class WatchTests
{
    private const string Stages = "  - { stage: staging, approval: manual, realtime: {} }\nretrain: { on_new_data: [numbers], cooldown: 1m, parameters: { depth: 5 } }";

    [SkippableFact]
    public async Task New_data_trains_again_once()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await using var repository = new SmallRepository();
        repository.Edit("hyperparameters: { depth: 3 }", "hyperparameters: { depth: \"${parameters.depth}\" }");
        repository.Edit("  evaluate:", "  parameters: { depth: { type: integer, default: 3 } }\n  evaluate:");
        await repository.ChangeAsync("  - { stage: staging, approval: manual, realtime: {} }", Stages);
        await repository.SucceedAsync("run");
        // What was just written may still be being written: nobody looks at it.
        Settle(60);
        Assert.Contains("watching retrain: new data in 'numbers'", await repository.SucceedAsync("watch", "--once"), StringComparison.Ordinal);

        File.WriteAllText(repository.PathOf("data/numbers.csv"), "1,2\n3,4\n");
        Settle(30);
        var output = await repository.SucceedAsync("watch", "--once");

        Assert.Contains("due: retrain: new data in 'numbers'", output, StringComparison.Ordinal);
        Assert.Contains("train runs again: hyperparameter 'depth' changed from 3 to 5", output, StringComparison.Ordinal);
        Assert.Contains("retrain: done", output, StringComparison.Ordinal);
        Assert.DoesNotContain("due:", await repository.SucceedAsync("watch", "--once"), StringComparison.Ordinal);

        void Settle(int seconds)
        {
            File.SetLastWriteTimeUtc(repository.PathOf("data/numbers.csv"), DateTime.UtcNow.AddSeconds(-seconds));
            Directory.SetLastWriteTimeUtc(repository.PathOf("data"), DateTime.UtcNow.AddSeconds(-seconds));
        }
    }

    [Fact]
    public async Task Where_nothing_could_go_off_it_says_so()
    {
        await using var repository = new SmallRepository();
        await repository.CompileAsync();

        var (exitCode, output) = await repository.RunAsync("watch", "--once");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6033", output, StringComparison.Ordinal);
    }
}
