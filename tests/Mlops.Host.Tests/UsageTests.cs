namespace Mlops.Host.Tests;

/// <summary>How the program is called, and mistaken: before anything is built.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData(64, "mlops", "nonsense")]
    [InlineData(64, "no code 'MLOPS9999'", "explain", "MLOPS9999")]
    [InlineData(0, "Quality gate failed", "explain", "mlops5001")]
    [InlineData(64, "'--version'", "verify", "statement.json", "--version", "1")]
    [InlineData(64, "'--version'", "verify", "statement.json", "--version", "abc")]
    [InlineData(64, "'--once'", "stream", "records.csv", "--once")]
    [InlineData(1, "error MLOPS0018", "run", "pipeline.json", "--platform", "aws")]
    [InlineData(1, "MLOPS0010", "run")]
    [InlineData(1, "error MLOPS1001", "validate", "nowhere.yaml")]
    [InlineData(0, "", "validate", "config.yaml")]
    public async Task Exit_codes_and_errors_are_as_stated(int exitCode, string expected, params string[] arguments)
    {
        await using var repository = new SmallRepository();

        var result = await MlopsProgram.RunAsync(repository.PathOf("."), arguments);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("<a id", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
    }
}
