namespace Mlops.Host.Tests;

/// <summary>'mlops plan' on this machine: what a deploy would do, by exit code and line.</summary>
public sealed class PlanTests
{
    [SkippableFact]
    public async Task Says_what_would_be_sent_run_and_registered_and_then_that_nothing_is_left()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await using var repository = new SmallRepository();
        await repository.CompileAsync();

        var (first, before) = await repository.RunAsync("plan");
        await repository.SucceedAsync("deploy");
        var (second, after) = await repository.RunAsync("plan");

        Assert.Equal(2, first);
        Assert.Contains("+   data numbers", before, StringComparison.Ordinal);
        Assert.Contains(">   step train: is new", before, StringComparison.Ordinal);
        Assert.Contains("another version, if the gates hold", before, StringComparison.Ordinal);
        Assert.True(second == 0, after);
        Assert.Contains("No changes: a deploy would do nothing.", after, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Says_why_a_step_would_run_again()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await using var repository = new SmallRepository();
        await repository.CompileAsync();
        await repository.SucceedAsync("deploy");
        await repository.ChangeAsync("depth: 3", "depth: 4");

        var (exitCode, output) = await repository.RunAsync("plan");

        Assert.Equal(2, exitCode);
        Assert.Contains(">   step train: HyperParameters.depth: 3 -> 4", output, StringComparison.Ordinal);
        Assert.Contains(">   step evaluate: after 'train'", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_plan_with_parameters_is_carried_out_with_them()
    {
        Skip.If(Conformance.Run("python3", "--version").ExitCode != 0, "python3 is not installed.");
        await using var repository = new SmallRepository();
        repository.Edit("build:", "build:\n  parameters: { depth: { type: integer, default: 3 } }");
        await repository.ChangeAsync("depth: 3", "depth: \"${parameters.depth}\"");
        await repository.SucceedAsync("deploy");

        var (exitCode, output) = await repository.RunAsync("plan", "-p", "depth=4", "--out", "plan.json");
        Assert.Equal(2, exitCode);
        Assert.Contains(">   step train: HyperParameters.depth: 3 -> 4", output, StringComparison.Ordinal);
        Assert.Contains("'depht'", (await repository.RunAsync("plan", "-p", "depht=1")).Output, StringComparison.Ordinal);
        Assert.Contains("give them to 'mlops plan'", (await repository.RunAsync("deploy", "--plan", "plan.json", "-p", "depth=5")).Output, StringComparison.Ordinal);

        await repository.SucceedAsync("deploy", "--plan", repository.PathOf("plan.json"));

        Assert.Contains("No changes", (await repository.RunAsync("plan", "-p", "depth=4")).Output, StringComparison.Ordinal);

        // What is published has not changed since, but nothing has run with these values.
        var (other, reason) = await repository.RunAsync("plan", "-p", "depth=5");
        Assert.Equal(2, other);
        Assert.Contains("3 -> 5", reason, StringComparison.Ordinal);
        File.AppendAllText(repository.PathOf("src/train.py"), "\n");
        await repository.CompileAsync();
        await repository.SucceedAsync("deploy", "-p", "depth=4");
        (other, reason) = await repository.RunAsync("plan");
        Assert.Equal(2, other);
        Assert.Contains("no execution of this content and these parameters is known", reason, StringComparison.Ordinal);
    }
}
