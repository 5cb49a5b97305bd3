namespace Mlops.Host.Tests;

/// <summary>Pipeline definitions that somebody else's tools made.</summary>
public sealed class DefinitionRunTests : IDisposable
{
    private const string Function = "arn:aws:lambda:us-east-1:123456789012:function:announce";

    private readonly TemporaryFolder folder = TestFolder.Temporary();

    public DefinitionRunTests()
    {
        folder.Write("counting.json", $$"""
            {
              "Version": "2020-12-01",
              "Parameters": [{ "Name": "Least", "Type": "Integer", "DefaultValue": 2 }],
              "Steps": [
                {
                  "Name": "Count", "Type": "Processing",
                  "Arguments": {
                    "ProcessingResources": { "ClusterConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30 } },
                    "AppSpecification": { "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/any:1", "ContainerEntrypoint": ["sh", "/opt/ml/processing/input/code/count.sh"] },
                    "RoleArn": "arn:aws:iam::123456789012:role/any",
                    "ProcessingInputs": [
                      { "InputName": "code", "S3Input": { "S3Uri": "s3://their-bucket/code/count.sh", "LocalPath": "/opt/ml/processing/input/code", "S3DataType": "S3Prefix", "S3InputMode": "File" } },
                      { "InputName": "lines", "S3Input": { "S3Uri": "s3://their-bucket/lines", "LocalPath": "/opt/ml/processing/input/lines", "S3DataType": "S3Prefix", "S3InputMode": "File" } }
                    ],
                    "ProcessingOutputConfig": { "Outputs": [{ "OutputName": "report", "S3Output": { "S3Uri": "s3://their-bucket/report", "LocalPath": "/opt/ml/processing/output/report", "S3UploadMode": "EndOfJob" } }] }
                  },
                  "PropertyFiles": [{ "PropertyFileName": "Report", "OutputName": "report", "FilePath": "report.json" }]
                },
                {
                  "Name": "Enough", "Type": "Condition",
                  "Arguments": {
                    "Conditions": [{ "Type": "GreaterThanOrEqualTo", "LeftValue": { "Std:JsonGet": { "PropertyFile": { "Get": "Steps.Count.PropertyFiles.Report" }, "Path": "lines" } }, "RightValue": { "Get": "Parameters.Least" } }],
                    "IfSteps": [{ "Name": "Announce", "Type": "Lambda", "Arguments": { "lines": { "Std:JsonGet": { "PropertyFile": { "Get": "Steps.Count.PropertyFiles.Report" }, "Path": "lines" } } }, "FunctionArn": "{{Function}}" }],
                    "ElseSteps": [{ "Name": "Few", "Type": "Fail", "Arguments": { "ErrorMessage": "Too few lines." } }]
                  }
                }
              ]
            }
            """);
        folder.Write("theirs/count.sh", """
            base="$SAGEMAKER_BASE_DIR/processing"
            lines=$(cat "$base/input/lines/"* | wc -l | tr -d ' ')
            echo "{\"lines\": $lines}" > "$base/output/report/report.json"
            """);
        folder.Write("theirs/lines/a.txt", "1\n2\n3\n");
        folder.Write("announce.sh", "cat > announced.json; echo '{}'");
    }

    public static TheoryData<string> Samples => Conformance.Folder is null ? ["none"] : [.. Directory.GetFiles(Path.Combine(Conformance.Folder, "samples"), "*.json").Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("--check")]
    [InlineData("--yes")]
    [InlineData("--sandbox", "process")]
    [InlineData("--stand-in", "a=b")]
    public async Task What_is_said_of_a_definition_is_refused_where_there_is_none(params string[] options)
    {
        var (exitCode, output) = await MlopsProgram.RunAsync(folder.Path, ["run", .. options]);

        Assert.Equal(64, exitCode);
        Assert.Contains($"'{options[0]}' is for a definition", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reason_may_begin_as_it_likes()
    {
        folder.Write("reason.txt", "--version 1");

        var (_, output) = await MlopsProgram.RunAsync(folder.Path, "reject", "--reason", "@reason.txt", "--version", "2");

        Assert.DoesNotContain("Response file", output, StringComparison.Ordinal);
        Assert.Contains("MLOPS0010", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_property_file_lies_within_its_output()
    {
        folder.Write("counting.json", File.ReadAllText(folder.File("counting.json")).Replace("\"FilePath\": \"report.json\"", "\"FilePath\": \"../../../../secret.json\"", StringComparison.Ordinal));
        folder.Write("secret.json", "{ \"lines\": 3 }");

        var (exitCode, output) = await RunAsync("--yes", "--stand-in", $"{Function}=sh announce.sh", "--source", $"s3://their-bucket/code/count.sh={folder.File("theirs/count.sh")}", "--source", $"s3://their-bucket/lines={folder.File("theirs/lines")}");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("leads out of its output", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_says_what_each_step_would_do_and_runs_nothing()
    {
        var (exitCode, output) = await RunAsync("--check", "--stand-in", $"{Function}=sh announce.sh");

        Assert.Equal(0, exitCode);
        Assert.Contains("Count (Processing): runs sh /opt/ml/processing/input/code/count.sh", output, StringComparison.Ordinal);
        Assert.Contains("Enough (Condition): chooses between [Announce] and [Few]", output, StringComparison.Ordinal);
        Assert.Contains("warning MLOPS6041: The step 'Count' reads 's3://their-bucket/lines', which is not here and which no step writes. Give it: --source s3://their-bucket/lines=PATH.", output, StringComparison.Ordinal);
        Assert.Contains("Announce (Lambda): asks the stand-in: sh announce.sh", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File(".mlops/runs")));
    }

    [Fact]
    public async Task A_check_misses_nothing_that_is_given()
    {
        var (_, output) = await RunAsync("--check", "--stand-in", $"{Function}=sh announce.sh", "--source", "s3://their-bucket/lines=theirs/lines", "--source", "s3://their-bucket/code=theirs");

        Assert.DoesNotContain("MLOPS6041", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_of_others_run_only_where_someone_agrees()
    {
        var (exitCode, output) = await RunAsync("--stand-in", $"{Function}=sh announce.sh");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS5013", output, StringComparison.Ordinal);
        Assert.Contains("runs sh /opt/ml/processing", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File(".mlops/runs")));
    }

    [Fact]
    public async Task What_stands_in_for_a_function_must_be_named()
    {
        var (exitCode, output) = await RunAsync("--yes", "--source", "s3://their-bucket/lines=nowhere");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6018", output, StringComparison.Ordinal);
        Assert.Contains($"--stand-in \"{Function}=COMMAND\"", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_agreed_run_reads_the_sources_and_asks_the_stand_ins()
    {
        Skip.If(OperatingSystem.IsWindows(), "The steps are shell scripts.");
        string[] run = ["--yes", "--source", "s3://their-bucket/code/count.sh=theirs/count.sh", "--source", "s3://their-bucket/lines=theirs/lines", "--stand-in", $"{Function}=sh announce.sh"];

        var (exitCode, output) = await RunAsync(run);
        Assert.True(exitCode == 0, output);
        Assert.Contains("3", await File.ReadAllTextAsync(folder.File("announced.json")), StringComparison.Ordinal);
        Assert.Contains("Succeeded", await MlopsProgram.SucceedAsync(folder.Path, "runs"), StringComparison.Ordinal);
        await MlopsProgram.SucceedAsync(folder.Path, "logs", "Count");

        (exitCode, output) = await RunAsync([.. run, "--source", "s3://nobody/x=theirs", "--parameter", "Least=4"]);
        Assert.Contains("MLOPS6038", output, StringComparison.Ordinal);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Too few lines.", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_program_that_names_the_container_s_paths_finds_them()
    {
        Skip.If(Conformance.Run("unshare", "--user", "--map-root-user", "--mount", "true").ExitCode != 0, "This system does not let a user make a mount namespace.");
        folder.Write("theirs/count.sh", """
            lines=$(cat /opt/ml/processing/input/lines/* | wc -l | tr -d ' ')
            echo "{\"lines\": $lines}" > /opt/ml/processing/output/report/report.json
            """);

        var (exitCode, output) = await RunAsync("--yes", "--source", "s3://their-bucket/code/count.sh=theirs/count.sh", "--source", "s3://their-bucket/lines=theirs/lines", "--stand-in", $"{Function}=sh announce.sh");

        Assert.True(exitCode == 0, output);
        Assert.Contains("3", await File.ReadAllTextAsync(folder.File("announced.json")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_program_that_talks_to_S3_itself_finds_the_sources_there()
    {
        Skip.IfNot(Conformance.HasPython("boto3"), "boto3 is not installed.");
        // As AWS's abalone samples read their data set.
        folder.Write("theirs/count.sh", """
            python3 -c "
            import boto3, json
            boto3.resource('s3').Bucket('their-bucket').download_file('lines/a.txt', 'a.txt')
            json.dump({'lines': len(open('a.txt').readlines())}, open('report.json', 'w'))
            boto3.client('s3').upload_file('report.json', 'their-bucket', 'own/report.json')
            " && cp report.json "$SAGEMAKER_BASE_DIR/processing/output/report/"
            """);

        var (exitCode, output) = await RunAsync("--yes", "--source", "s3://their-bucket/code/count.sh=theirs/count.sh", "--source", "s3://their-bucket/lines=theirs/lines", "--stand-in", $"{Function}=sh announce.sh");

        Assert.True(exitCode == 0, output);
        Assert.Contains("3", await File.ReadAllTextAsync(folder.File(".mlops/s3/their-bucket/own/report.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_named()
    {
        var (exitCode, output) = await RunAsync("--yes", "--source", "s3://their-bucket/lines=nowhere", "--stand-in", $"{Function}=sh announce.sh");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6019", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Samples))]
    public async Task Definitions_of_the_SDKs_own_examples_are_shown_step_by_step_and_refused_by_codes_alone(string sample)
    {
        Skip.If(Conformance.Folder is null, Conformance.Missing);

        var (_, output) = await MlopsProgram.RunAsync(folder.Path, "run", sample, "--check");

        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Matches(@"^(\S+ \(\w+\): |mlops: (error MLOPS60(01|02|18)|warning MLOPS6041): )", l));
    }

    public void Dispose() => folder.Dispose();

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => MlopsProgram.RunAsync(folder.Path, ["run", "counting.json", .. arguments]);
}
