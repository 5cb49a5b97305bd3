using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Mlops.Quickstart;

namespace Mlops.Sdk.Tests;

/// <summary>What a user does first, with the real dotnet, in an empty folder.</summary>
[Collection(PackagesCollection.Name)]
public sealed class MainJobTests(PackagesFixture packages)
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task From_new_to_production()
    {
        var penguins = await packages.ModelAsync();

        var deployed = (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded();
        var url = Penguins.Url(deployed, "staging");
        Assert.Contains("version 1 registered", deployed, StringComparison.Ordinal);
        Assert.Contains("production: version 1 waits for approval", deployed, StringComparison.Ordinal);
        await Penguins.PredictsAsync(penguins.Folder, url);

        Assert.Contains("No changes.", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), StringComparison.Ordinal);

        (await penguins.RunAsync("build", "-t:MlopsApprove", "-p:MlopsModelVersion=1", "-p:MlopsReason=looks good")).Succeeded();
        var json = (await penguins.RunAsync("build", "-t:MlopsDeploy", "-getTargetResult:MlopsDeploy")).Succeeded();
        var items = JsonNode.Parse(json)!["TargetResults"]!["MlopsDeploy"]!["Items"]!.AsArray();
        Assert.Equal(["staging", "production"], items.Select(i => i!["Stage"]!.ToString()));
        Assert.All(items, i => Assert.Equal("1", i!["Version"]!.ToString()));
        await Penguins.PredictsAsync(penguins.Folder, items[1]!["Identity"]!.ToString());
    }

    [Fact]
    public async Task A_model_that_was_made_elsewhere_is_registered_by_a_target()
    {
        var penguins = await packages.ModelAsync();
        (await penguins.RunAsync("build", "-t:MlopsRun")).Succeeded();
        var model = Directory.EnumerateFiles(Path.Combine(penguins.Folder, ".mlops", "s3"), "model.tar.gz", SearchOption.AllDirectories).First();
        File.Move(model, Path.Combine(penguins.Folder, "brought model.tar.gz"));
        File.Copy(Directory.EnumerateFiles(Path.Combine(penguins.Folder, ".mlops", "s3"), "evaluation.json", SearchOption.AllDirectories).First(), Path.Combine(penguins.Folder, "report.json"));

        var unnamed = await penguins.RunAsync("build", "-t:MlopsRegisterModel");
        var ungated = await penguins.RunAsync("build", "-t:MlopsRegisterModel", "-p:MlopsModelFile=brought model.tar.gz");
        var registered = (await penguins.RunAsync("build", "-t:MlopsRegisterModel", "-p:MlopsModelFile=brought model.tar.gz", "-p:MlopsReport=report.json", "-p:MlopsDescription=by hand", "-tl:off")).Succeeded();

        Assert.Contains("error MLOPS0022", unnamed.Output, StringComparison.Ordinal);
        Assert.Contains("error MLOPS8013", ungated.Output, StringComparison.Ordinal);
        Assert.Contains("version 2 registered", registered, StringComparison.Ordinal);
        var deployed = (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-p:MlopsModelVersion=2", "-tl:off")).Succeeded();
        await Penguins.PredictsAsync(penguins.Folder, Penguins.Url(deployed, "staging"));
    }

    [Fact]
    public async Task A_new_version_takes_over_without_a_failed_request_and_one_that_does_not_start_leaves_the_old_one()
    {
        var penguins = await packages.ModelAsync();
        var url = Penguins.Url((await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), "staging");
        var serve = Path.Combine(penguins.Folder, "src", "Serve.cs");
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(() => AskAsync(url, stop.Token));

        await EditAsync(penguins, "config.yaml", "l2_regularization: 0.01", "l2_regularization: 0.02");
        Assert.Contains("version 2 in service", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), StringComparison.Ordinal);
        await EditAsync(penguins, Path.GetRelativePath(penguins.Folder, serve), "public static void Run()\n    {", "public static void Run()\n    {\n        throw new InvalidOperationException(\"no server today\");\n#pragma warning disable CS0162\n");
        var failed = await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off");
        var rolledBack = (await penguins.RunAsync("build", "-t:MlopsDeploy", "-p:MlopsModelVersion=1", "-p:MlopsStage=staging", "-tl:off")).Succeeded();
        await stop.CancelAsync();

        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("error MLOPS6010", failed.Output, StringComparison.Ordinal);
        Assert.Contains("no server today", failed.Output, StringComparison.Ordinal);
        Assert.Contains("staging: version 1 in service", rolledBack, StringComparison.Ordinal);
        var (asked, wrong) = await asking;
        Assert.Empty(wrong);
        Assert.True(asked > 100);
    }

    [Fact]
    public async Task A_failed_gate_is_an_error_at_its_line_and_nothing_is_registered()
    {
        var penguins = await packages.ModelAsync();
        await EditAsync(penguins, "config.yaml", "min: 0.9", "min: 0.9999");

        var result = await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off");

        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"config\.yaml\(32,5\): error MLOPS5001: accuracy 0\.9855\d* is below 0\.9999\. Nothing was registered\.", result.Output);
        Assert.DoesNotContain("registered\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_launch_profile_runs_one_step_on_the_inputs_of_its_last_run()
    {
        var penguins = await packages.ModelAsync();
        (await penguins.RunAsync("build", "-t:MlopsRun")).Succeeded();
        var model = Path.Combine(penguins.Folder, ".mlops", "last", "train", "ml", "model", "model.zip");
        File.Delete(model);

        Assert.Contains("train:log_loss=", (await penguins.RunAsync("run", "--launch-profile", "train")).Succeeded(), StringComparison.Ordinal);

        Assert.True(File.Exists(model));
    }

    [Fact]
    public async Task A_version_enters_a_stage_after_the_tests_of_the_stage_before_and_edited_tests_run_again()
    {
        var penguins = await packages.ModelAsync();
        await EditAsync(penguins, "config.yaml", "    approval: manual\n", "");
        await EditAsync(penguins, "config.yaml", "expect_status: 200", "expect_status: 418");

        var failed = await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off");
        Assert.Matches(@"config\.yaml\(44,9\): error MLOPS5003: The test of stage 'staging' failed", failed.Output);
        var skipped = await penguins.RunAsync("build", "-t:MlopsDeploy", "-p:MlopsStage=production", "-p:MlopsModelVersion=1", "-tl:off");
        Assert.Contains("error MLOPS8008", skipped.Output, StringComparison.Ordinal);

        await EditAsync(penguins, "config.yaml", "expect_status: 418", "expect_status: 200");
        Assert.Contains("production: version 1 in service", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), StringComparison.Ordinal);
        await EditAsync(penguins, "config.yaml", "expect_status: 200", "expect_status: 404");
        Assert.Contains("error MLOPS5003", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Output, StringComparison.Ordinal);

        await EditAsync(penguins, "config.yaml", "stage: production", "stage: live");
        await EditAsync(penguins, "config.yaml", "expect_status: 404", "expect_status: 200");
        Assert.Contains("warning MLOPS5010: 'penguins-production' still serves version 1", (await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Boto3_works_unmodified()
    {
        Skip.IfNot(Conformance.HasPython("boto3"), "boto3 is not installed.");
        var penguins = await packages.ModelAsync();
        var url = Penguins.Url((await penguins.RunAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded(), "staging");
        var script = Path.Combine(penguins.Folder, "ask.py");
        await File.WriteAllTextAsync(script, Boto3);

        var (exitCode, output) = Conformance.RunPython(script, url[..url.IndexOf("/endpoints", StringComparison.Ordinal)], Path.Combine(penguins.Folder, "data", "penguins.csv"));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("Foo.Bar", "foo-bar")]
    [InlineData("1st model", "m1st-model")]
    [InlineData("Ünïcode", "unicode")]
    [InlineData("class", "class")]
    [InlineData("a-name-that-is-much-longer-than-any-model-may-have", "a-name-that-is-much-longer-than")]
    public async Task Names_of_all_kinds_build(string name, string model)
    {
        var repository = await packages.ModelAsync(name);

        (await repository.RunAsync("build")).Succeeded();

        Assert.Contains($"name: {model}\n", await File.ReadAllTextAsync(Path.Combine(repository.Folder, "config.yaml")), StringComparison.Ordinal);
    }

    private const string Boto3 = """
        import sys, csv, boto3
        from botocore.exceptions import ClientError
        url, data = sys.argv[1:]
        runtime = boto3.client("sagemaker-runtime", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
        rows = list(csv.reader(open(data)))[1:]
        right = 0
        for row in rows:
            answer = runtime.invoke_endpoint(EndpointName="penguins-staging", ContentType="text/csv", Accept="text/csv", Body=",".join(row[1:]))
            assert answer["InvokedProductionVariant"] == "AllTraffic", answer
            assert answer["ContentType"].startswith("text/csv"), answer
            right += answer["Body"].read().decode().split(",")[0] == row[0]
        assert right >= 0.95 * len(rows), right
        try:
            runtime.invoke_endpoint(EndpointName="nobody", Body="x")
            raise AssertionError("an unknown endpoint answered")
        except runtime.exceptions.ClientError as e:
            assert e.response["Error"]["Code"] == "ValidationError" and "not found" in e.response["Error"]["Message"], e.response
        try:
            runtime.invoke_endpoint(EndpointName="penguins-staging", ContentType="text/csv", Body="1,2")
            raise AssertionError("malformed input was answered")
        except runtime.exceptions.ModelError as e:
            assert e.response["OriginalStatusCode"] == 400 and e.response["OriginalMessage"], e.response
        print(right, "of", len(rows))
        """;

    /// <summary>Sixteen callers, together two hundred requests a second, whenever the answers come.</summary>
    private static async Task<(int Asked, IReadOnlyCollection<string> Wrong)> AskAsync(string url, CancellationToken stop)
    {
        var (asked, wrong) = (0, new ConcurrentBag<string>());
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async caller =>
        {
            var clock = Stopwatch.StartNew();
            for (var due = TimeSpan.FromMilliseconds(5 * caller); !stop.IsCancellationRequested; due += TimeSpan.FromMilliseconds(80))
            {
                if (due - clock.Elapsed is { Ticks: > 0 } pause)
                    await Task.Delay(pause, CancellationToken.None);
                using var body = new StringContent("Biscoe,39.1,18.7,181,3750,male\n");
                body.Headers.ContentType = new("text/csv");
                using var answer = await Http.PostAsync(new Uri(url), body, CancellationToken.None);
                Interlocked.Increment(ref asked);
                if (!answer.IsSuccessStatusCode)
                    wrong.Add($"{answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            }
        }));
        return (asked, wrong);
    }

    private static async Task EditAsync(Dotnet model, string file, string before, string after)
    {
        var path = Path.Combine(model.Folder, file);
        var text = (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n");
        Assert.Contains(before, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(before, after, StringComparison.Ordinal));
    }
}
