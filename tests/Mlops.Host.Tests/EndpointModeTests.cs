using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;

namespace Mlops.Host.Tests;

/// <summary>What a stage may be, deployed for real: each mode of an endpoint, and how one version follows another.</summary>
public sealed class EndpointModeTests
{
    [SkippableFact]
    public async Task A_serverless_endpoint_answers_and_takes_no_more_requests_at_once_than_it_may()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, serverless: { memory: 2gb, max_concurrency: 1 } }", "slow");
        var url = await repository.UrlAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => repository.PostAsync(url, "x")));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], answers.Select(a => a.StatusCode).Order());
        Assert.Equal("slow\n", await repository.PredictAsync("x"));
    }

    [SkippableFact]
    public async Task An_asynchronous_endpoint_answers_into_files_and_tells_of_each()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, async: { instance: { type: ml.m5.large }, max_concurrency: 2, autoscaling: { min: 0, max: 1, backlog_per_instance: 5 } } }");

        Assert.Equal("1\n1\n", await repository.PredictAsync("x\ny"));
        repository.Write("bad.csv", "broken\n");
        var (exitCode, output) = await repository.RunAsync("predict", "bad.csv");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("(500)", output, StringComparison.Ordinal);
        var told = (await File.ReadAllLinesAsync(repository.PathOf(".mlops/notifications.jsonl"))).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["Completed", "Failed"], told.Select(n => n["invocationStatus"]!.ToString()));
        Assert.EndsWith("-error.out", told[1]["responseParameters"]!["failureLocation"]!.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(repository.PathOf(".mlops/queues/served-staging")));
    }

    [SkippableFact]
    public async Task Requests_that_wait_when_the_server_ends_are_answered_by_the_next_one()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, async: { instance: { type: ml.m5.large } } }", "slow");
        var url = await repository.UrlAsync();
        repository.Write(".mlops/s3/local/in/x.csv", "x\n");
        using var http = new HttpClient();
        var places = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url);
            request.Headers.Add("X-Amzn-SageMaker-InputLocation", "s3://local/in/x.csv");
            using var accepted = await http.SendAsync(request);
            places.Add(repository.PathOf(".mlops/s3/" + accepted.Headers.GetValues("X-Amzn-SageMaker-OutputLocation").Single()["s3://".Length..]));
        }

        await repository.SucceedAsync("stop");
        Assert.Contains(places, p => !File.Exists(p));
        await repository.SucceedAsync("deploy");

        for (var i = 0; i < 500 && !places.All(File.Exists); i++)
            await Task.Delay(20);
        Assert.All(places, p => Assert.Equal("slow\n", File.ReadAllText(p)));
    }

    [SkippableFact]
    public async Task A_stage_of_batches_alone_predicts_whole_folders_and_keeps_what_lies_there()
    {
        await using var repository = await ServedRepository.DeployedAsync("""
              - stage: staging
                batch: { input: "s3://data/in/", output: "s3://data/out/", schedule: daily, instance: { type: ml.m5.large }, write: { join: input } }
            """);
        repository.Write(".mlops/s3/data/in/a.csv", "1,2\n3,4\n");
        repository.Write(".mlops/s3/data/in/deep/b.csv", "5,6\n");
        repository.Write(".mlops/s3/data/out/older.csv.out", "kept\n");

        await repository.SucceedAsync("batch", "--stage", "staging");

        Assert.Equal("1,2,1\n3,4,1\n", await File.ReadAllTextAsync(repository.PathOf(".mlops/s3/data/out/a.csv.out")));
        Assert.Equal("5,6,1\n", await File.ReadAllTextAsync(repository.PathOf(".mlops/s3/data/out/deep/b.csv.out")));
        Assert.Equal("kept\n", await File.ReadAllTextAsync(repository.PathOf(".mlops/s3/data/out/older.csv.out")));
        Assert.False(File.Exists(repository.PathOf(".mlops/server.json")));

        repository.Write(".mlops/s3/elsewhere/part-0.csv", "a\n");
        await repository.SucceedAsync("batch", "--input", "s3://elsewhere/part-", "--output", "parts");
        Assert.Equal("a,1\n", await File.ReadAllTextAsync(repository.PathOf("parts/part-0.csv.out")));

        repository.Write("more/c.csv", "broken\n");
        var (exitCode, output) = await repository.RunAsync("batch", "--input", "more", "--output", "answers");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6030", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(repository.PathOf("answers")));
    }

    [SkippableFact]
    public async Task A_stream_s_records_are_predicted_in_order_each_once_and_refused_ones_are_kept_apart()
    {
        await using var repository = await ServedRepository.DeployedAsync("""
              - stage: staging
                realtime: {}
                stream:
                  source: arn:aws:kinesis:eu-west-1:333333333333:stream/events
                  destination: arn:aws:kinesis:eu-west-1:333333333333:stream/predictions
                  read: { from: oldest, batch_size: 3 }
            """);
        repository.Write(".mlops/streams/events/1.jsonl", "a\nb\nbroken\nc\nd\nhalf a rec");

        var told = await repository.SucceedAsync("stream", "--once");
        Assert.Contains("MLOPS6036", told, StringComparison.Ordinal);
        Assert.Contains("1.jsonl: its last line has no end yet", told, StringComparison.Ordinal);
        Assert.Equal("1\n1\n1\n1\n", await File.ReadAllTextAsync(repository.PathOf(".mlops/streams/predictions/records.jsonl")));
        var failed = JsonNode.Parse((await File.ReadAllLinesAsync(repository.PathOf(".mlops/streams/served-staging-failed/records.jsonl"))).Single())!;
        Assert.Equal("broken", failed["record"]!.ToString());

        await File.AppendAllTextAsync(repository.PathOf(".mlops/streams/events/1.jsonl"), "ord\n");
        await using (new FileStream(repository.PathOf(".mlops/streams/events/.read-by-served-staging.json.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            Assert.Contains("MLOPS6049", (await repository.RunAsync("stream", "--once")).Output, StringComparison.Ordinal);
        await repository.SucceedAsync("stream", "--once");
        Assert.Equal(5, (await File.ReadAllLinesAsync(repository.PathOf(".mlops/streams/predictions/records.jsonl"))).Length);

        repository.Write("more.jsonl", "x\ny\n");
        Assert.Equal("1\n1\n", await repository.SucceedAsync("stream", "more.jsonl"));

        repository.Write(".mlops/streams/events/.read-by-served-staging.json", "{");
        Assert.Contains("MLOPS6050", (await repository.RunAsync("stream", "--once")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_variant_that_serves_what_is_deployed_may_stand_anywhere()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {} }");
        await repository.BuildAsync("2", "  - { stage: staging, realtime: { variants: [{ version: 1 }, { version: latest }] } }");
        await repository.SucceedAsync("deploy");
        var url = await repository.UrlAsync();

        using var first = await repository.PostAsync(url, "x", "Variant1");
        using var second = await repository.PostAsync(url, "x", "Variant2");

        Assert.Equal(("1\n", "2\n"), (await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync()));
    }

    [SkippableFact]
    public async Task A_server_whose_folder_was_deleted_ends_by_itself()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {} }");
        var pid = (int)JsonNode.Parse(await File.ReadAllTextAsync(repository.PathOf(".mlops/server.json")))!["Pid"]!;
        using var server = System.Diagnostics.Process.GetProcessById(pid);

        Directory.Delete(repository.PathOf(".mlops"), recursive: true);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await server.WaitForExitAsync(limit.Token);
    }

    [SkippableFact]
    public async Task A_port_that_another_program_has_is_said_before_anything_runs()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {} }");
        using var other = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await repository.BuildAsync("2", $"  - {{ stage: staging, realtime: {{}} }}\nlocal: {{ port: {((IPEndPoint)other.LocalEndpoint).Port} }}");

        var (exitCode, output) = await repository.RunAsync("deploy");

        Assert.Equal(1, exitCode);
        Assert.Contains("MLOPS6009", output, StringComparison.Ordinal);
        Assert.DoesNotContain("train", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_model_that_was_made_elsewhere_is_registered_gated_and_served()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {} }");
        repository.Write("other/model.txt", "9");
        repository.Write("good.json", """{"regression_metrics": {"mae": {"value": 0.25}}}""");
        repository.Write("bad.json", """{"regression_metrics": {"mae": {"value": 3}}}""");

        Assert.Contains("MLOPS5001", (await repository.RunAsync("register", "other", "--report", "bad.json")).Output, StringComparison.Ordinal);
        Assert.Contains("version 2 registered", await repository.SucceedAsync("register", "other", "--report", "good.json"), StringComparison.Ordinal);
        Assert.Contains("version 2 is the same model", await repository.SucceedAsync("register", "other", "--report", "good.json"), StringComparison.Ordinal);
        Assert.Equal("1\n", await repository.PredictAsync("x"));
        await repository.SucceedAsync("deploy", "--version", "2");

        Assert.Equal("9\n", await repository.PredictAsync("x"));
        Assert.Contains("registered as it was brought", await repository.SucceedAsync("lineage", "2"), StringComparison.Ordinal);
        await repository.SucceedAsync("verify", "--version", "2");
        Assert.Contains("mae.value = 0.25", await repository.SucceedAsync("models", "--metric", "mae<=0.3"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Variants_share_the_requests_by_their_weights_and_a_caller_may_name_one()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {} }");
        await repository.BuildAsync("2", "  - { stage: staging, realtime: { variants: [{ version: latest, weight: 3 }, { version: 1, weight: 1 }] } }");
        await repository.SucceedAsync("deploy");
        var url = await repository.UrlAsync();

        var answers = new List<(string Variant, string Answer)>();
        for (var i = 0; i < 400; i++)
        {
            using var response = await repository.PostAsync(url, "x");
            answers.Add((response.Headers.GetValues("x-Amzn-Invoked-Production-Variant").Single(), await response.Content.ReadAsStringAsync()));
        }

        Assert.Equal([("Variant1", "2\n"), ("Variant2", "1\n")], answers.Distinct().Order());
        // Seven standard deviations of a binomial.
        Assert.InRange(answers.Count(a => a.Variant == "Variant1"), 300 - 61, 300 + 61);
        using var named = await repository.PostAsync(url, "x", "Variant2");
        Assert.Equal("1\n", await named.Content.ReadAsStringAsync());
        using var unknown = await repository.PostAsync(url, "x", "Variant9");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [SkippableFact]
    public async Task What_is_captured_lies_by_variant_and_hour_the_shadow_s_answers_too()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: staging, realtime: {}, capture: { percent: 100 } }");
        await repository.BuildAsync("2", "  - { stage: staging, realtime: { shadow: { version: 1, percent: 100 } }, capture: { percent: 100 } }");
        await repository.SucceedAsync("deploy");

        Assert.Equal("2\n", await repository.PredictAsync("x"));
        await repository.SucceedAsync("stop");

        Assert.Equal("2\n", await CapturedAsync("AllTraffic"));
        Assert.Equal("1\n", await CapturedAsync("Shadow"));

        async Task<string> CapturedAsync(string variant)
        {
            var file = Directory.GetFiles(repository.PathOf($".mlops/s3/local/served/capture/served-staging/{variant}"), "*.jsonl", SearchOption.AllDirectories).Single();
            return JsonNode.Parse((await File.ReadAllLinesAsync(file)).Single())!["captureData"]!["endpointOutput"]!["data"]!.ToString();
        }
    }

    [SkippableFact]
    public async Task What_was_stopped_serves_again_with_the_next_deploy_also_where_the_newest_version_waits()
    {
        await using var repository = await ServedRepository.DeployedAsync("  - { stage: production, approval: manual, realtime: {} }");
        await repository.SucceedAsync("approve", "--stage", "production");
        await repository.SucceedAsync("deploy");
        await repository.BuildAsync("2");
        await repository.SucceedAsync("deploy");
        await repository.SucceedAsync("stop");

        Assert.Contains("production: version 1 in service", await repository.SucceedAsync("deploy"), StringComparison.Ordinal);
        Assert.DoesNotContain("not running", await repository.SucceedAsync("status"), StringComparison.Ordinal);
        await repository.SucceedAsync("stop");
    }

    [SkippableFact]
    public async Task A_canary_takes_over_without_a_failed_request_and_a_bad_one_is_rolled_back()
    {
        const string Stages = "  - { stage: staging, realtime: { rollout: { strategy: canary, percent: 30, bake: 3s } }, alarms: { error_rate: 0.05 } }";
        await using var repository = await ServedRepository.DeployedAsync(Stages);
        var url = await repository.UrlAsync();
        using var ending = new CancellationTokenSource();
        var answers = new ConcurrentQueue<(HttpStatusCode Status, string Answer)>();
        var asking = AskAsync();

        await repository.BuildAsync("2");
        await repository.SucceedAsync("deploy");
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
        Assert.Equal(["1\n", "2\n"], answers.Select(a => a.Answer).Distinct());

        await repository.BuildAsync("broken");
        var (exitCode, output) = await repository.RunAsync("deploy");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("MLOPS6024", output, StringComparison.Ordinal);
        Assert.Contains("alarms.error_rate", output, StringComparison.Ordinal);

        answers.Clear();
        await Task.Delay(200);
        await ending.CancelAsync();
        await asking;
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.OK, "2\n"), a));

        // It does not come in by being deployed again while nobody asks: that is for a person to decide.
        Assert.Contains("Rejected", await repository.SucceedAsync("deploy"), StringComparison.Ordinal);
        Assert.Contains("Rejected for staging by rollout", await repository.SucceedAsync("status"), StringComparison.Ordinal);
        Assert.DoesNotContain("staging", await repository.SucceedAsync("plan"), StringComparison.Ordinal);
        Assert.Contains("RuntimeError: broken", await repository.SucceedAsync("logs", "staging"), StringComparison.Ordinal);

        async Task AskAsync()
        {
            while (!ending.IsCancellationRequested)
            {
                using var response = await repository.PostAsync(url, "x");
                answers.Enqueue((response.StatusCode, await response.Content.ReadAsStringAsync()));
                await Task.Delay(5);

            }
        }
    }
}
