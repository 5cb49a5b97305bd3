namespace Mlops.Host.Tests;

/// <summary>Selective execution: some steps, with what an earlier execution left for the others.</summary>
public sealed class SelectionTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public SelectionTests() => folder.Write("chain.json", $$"""
        { "Version": "2020-12-01", "Steps": [{{Step("first", "")}}, {{Step("second", "first")}}, {{Step("third", "second")}}, {{Step("last", "third")}}] }
        """);

    [SkippableFact]
    public async Task A_step_runs_with_all_that_wait_for_it()
    {
        await WholeAsync();

        await RunAsync("--from", "second");

        Assert.Equal("first second third last second third last", Ran());
        Assert.Equal("first second third", await ReportAsync("third"));
    }

    [SkippableFact]
    public async Task A_step_runs_alone()
    {
        await WholeAsync();

        await RunAsync("--only", "second");

        Assert.Equal("first second third last second", Ran());
    }

    [SkippableFact]
    public async Task After_chosen_steps_the_whole_pipeline_is_still_to_be_run()
    {
        await WholeAsync();
        await RunAsync("--only", "first");

        await RunAsync();

        Assert.Equal("first second third last first first second third last", Ran());
    }

    [SkippableFact]
    public async Task Chosen_steps_go_on_from_the_newest_execution_that_has_what_they_need()
    {
        await WholeAsync();
        await RunAsync("--only", "first");

        await RunAsync("--from", "third");

        Assert.Equal("first second third last first third last", Ran());
    }

    [Fact]
    public async Task A_choice_of_nothing_is_none_of_everything() =>
        Assert.Equal(64, (await MlopsProgram.RunAsync(folder.Path, "run", "chain.json", "--yes", "--only")).ExitCode);

    [SkippableTheory]
    [InlineData("MLOPS5016: The chosen steps cannot be run: The pipeline has no step 'secnd'. It has: first, second, third, last.", "--from", "secnd")]
    [InlineData("MLOPS5016: The chosen steps cannot be run: The step 'second' lies between 'first' and another one that is chosen, and needs what 'first' makes: choose it, too.", "--only", "first", "--only", "third")]
    [InlineData("MLOPS5017: There is no execution with whose results the chosen steps could go on: nothing has run yet.", "--only", "second")]
    [InlineData("MLOPS6021: 'none' is not the id of one run.", "--only", "second", "--source-execution", "none")]
    public async Task What_cannot_be_run_alone_is_refused(string problem, params string[] arguments)
    {
        Skip.If(OperatingSystem.IsWindows(), "These programs are shell scripts.");
        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, ["run", "chain.json", "--yes", .. arguments]);

        Assert.Equal(1, exitCode);
        Assert.Contains(problem, output, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("ran.txt")));
    }

    [SkippableFact]
    public async Task An_earlier_result_that_is_gone_is_missed_before_anything_runs()
    {
        await WholeAsync();
        Directory.Delete(folder.File(".mlops/s3/theirs/first"), recursive: true);

        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, "run", "chain.json", "--yes", "--only", "second");

        Assert.Equal(1, exitCode);
        Assert.Contains("MLOPS5017", output, StringComparison.Ordinal);
        Assert.Contains("what the step 'first' wrote in", output, StringComparison.Ordinal);
        Assert.Equal("first second third last", Ran());
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A step that notes that it ran, and adds its name to what the step before it wrote.</summary>
    private string Step(string name, string before)
    {
        var input = before.Length == 0 ? "" : $$"""{ "InputName": "in", "S3Input": { "S3Uri": { "Get": "Steps.{{before}}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri" }, "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix", "S3InputMode": "File" } }""";
        var said = before.Length == 0 ? "" : "$(cat $SAGEMAKER_BASE_DIR/processing/in/names.txt) ";
        var script = $"echo {name} >> {folder.File("ran.txt")}; echo {said}{name} > $SAGEMAKER_BASE_DIR/processing/out/names.txt";
        return $$"""
            {
              "Name": "{{name}}", "Type": "Processing",
              "Arguments": {
                "ProcessingResources": { "ClusterConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30 } },
                "AppSpecification": { "ImageUri": "any", "ContainerEntrypoint": ["sh", "-c", "{{script}}"] },
                "RoleArn": "arn:aws:iam::123456789012:role/any",
                "ProcessingInputs": [{{input}}],
                "ProcessingOutputConfig": { "Outputs": [{ "OutputName": "out", "S3Output": { "S3Uri": "s3://theirs/{{name}}", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob" } }] }
              }
            }
            """;
    }

    private async Task WholeAsync()
    {
        Skip.If(OperatingSystem.IsWindows(), "These programs are shell scripts.");
        await RunAsync();
    }

    private Task<string> RunAsync(params string[] arguments) => MlopsProgram.SucceedAsync(folder.Path, ["run", "chain.json", "--yes", .. arguments]);

    private string Ran() => string.Join(' ', File.ReadAllLines(folder.File("ran.txt")));

    private async Task<string> ReportAsync(string step) => (await File.ReadAllTextAsync(folder.File($".mlops/s3/theirs/{step}/names.txt"))).Trim();
}
