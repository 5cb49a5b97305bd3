using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Platform.Aws.Storage;

namespace Mlops.Platform.Aws.Tests;

/// <summary>
/// Every single request fails once, in every way: a deploy ends well, or with a coded error after which the same command, and nothing else, ends in the state
/// of an undisturbed one. MLOPS_FAULTS=all tries every request with every kind (some ten minutes); else a part of them.
/// </summary>
[Collection(AwsCollection.Name)]
public sealed class FaultTests(StandIn aws)
{
    /// <summary>Done, and the answer lost: the hard one.</summary>
    private const string AnswerLost = "reset-after";

    private static readonly bool All = Environment.GetEnvironmentVariable("MLOPS_FAULTS") == "all";

    private static readonly string[] Kinds = ["error500", "throttle", "reset", AnswerLost, "truncate"];

    /// <summary>The kind, the first request, and how many on the next one is.</summary>
    public static IEnumerable<object[]> Sweeps => Kinds.Select((kind, i) => new object[] { kind, All ? 1 : i + 1, All ? 1 : kind == AnswerLost ? 6 : 24 });

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, All ? 20 : 2)];

    [SkippableTheory]
    [MemberData(nameof(Sweeps))]
    public async Task A_request_that_fails_once_harms_nothing(string kind, int first, int step)
    {
        Skip.If(Conformance.Folder is null, Conformance.Missing);
        for (var n = first; ; n += step)
        {
            await aws.ResetAsync();
            var end = await DeployAsync("--nth", n.ToString(CultureInfo.InvariantCulture), "--kind", kind);
            Assert.True(end.Converged is null, $"request {n}, {kind}: {end.Converged}");
            if (end.Requests < n)
                break;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Three_of_ten_requests_fail_and_nothing_is_harmed(int seed)
    {
        Skip.If(Conformance.Folder is null, Conformance.Missing);
        await aws.ResetAsync();

        var end = await DeployAsync("--rate", "0.3", "--slow-ms", "50", "--max-run", "4", "--seed", seed.ToString(CultureInfo.InvariantCulture));

        Assert.True(end.Converged is null, $"seed {seed}: {end.Converged}");
    }

    /// <summary>Scenario 18: it is not tried for ever, and what was done is not lost.</summary>
    [SkippableFact]
    public async Task What_goes_away_in_mid_deploy_is_given_up_and_a_rerun_goes_on()
    {
        Skip.If(Conformance.Folder is null, Conformance.Missing);
        await aws.ResetAsync();
        var (clock, lease) = (Stopwatch.StartNew(), DeployLock.Lease);
        // Nobody could let go of the lock: the next one waits until it ends.
        DeployLock.Lease = TimeSpan.FromSeconds(12);
        try
        {
            var end = await DeployAsync("--from", "40", "--kind", "reset");

            Assert.Equal("MLOPS7006", end.Failure);
            Assert.True(end.Converged is null, end.Converged);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        }
        finally
        {
            DeployLock.Lease = lease;
        }
    }

    /// <summary>What must hold after a failure as well, before anything is put right: never two versions or two runs, never a pipeline that names what is not there.</summary>
    /// <returns>In words; empty: it holds.</returns>
    private static string Harm()
    {
        var (exitCode, output) = Conformance.RunPython("-c", """
            import boto3, json, re
            sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
            groups = [g["ModelPackageGroupName"] for g in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]]
            versions = sum(len(sagemaker.list_model_packages(ModelPackageGroupName=g)["ModelPackageSummaryList"]) for g in groups)
            if versions > 1:
                print(versions, "versions")
            for pipeline in sagemaker.list_pipelines()["PipelineSummaries"]:
                name = pipeline["PipelineName"]
                runs = len(sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"])
                if runs > 1:
                    print(runs, "runs")
                definition = sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]
                values = {p["Name"]: p.get("DefaultValue") for p in json.loads(definition)["Parameters"]}
                places = [v[5:].split("/", 1) for v in values.values() if str(v).startswith("s3://")]
                places += [(values["bucket"], key) for key in re.findall(r"penguins/(?:source|archive)/[0-9a-f]{64}", definition)]
                assert places, "the definition names nothing"
                for bucket, key in places:
                    if s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 0:
                        print("nothing at", bucket, key)
            """);
        return exitCode == 0 ? output.Trim() : "looking failed: " + output;
    }

    /// <summary>A deploy under faults, another without.</summary>
    /// <returns>How many requests the stand-in saw, what is not as it should be, and how the first one failed.</returns>
    private async Task<(int Requests, string? Converged, string? Failure)> DeployAsync(params string[] faults)
    {
        await aws.SetAsync(JsonNode.Parse("""{"report": {"multiclass_classification_metrics": {"accuracy": {"value": 0.95}}}}""")!.AsObject());
        using var repository = new ModelRepository("python-minimal");
        string? failure = null;
        using (new FaultyProxy(aws.Url!, faults))
        {
            try
            {
                await repository.DeployAsync();
            }
            catch (PlatformException e)
            {
                failure = e.Problem.Code;
            }
        }

        var requests = (await aws.RequestsAsync()).Count;
        var harm = Harm();
        var outcome = await repository.DeployAsync();
        var found = aws.Boto("(lambda s: [len(s.list_model_packages(ModelPackageGroupName='penguins')['ModelPackageSummaryList']), len(s.list_pipeline_executions(PipelineName='penguins')['PipelineExecutionSummaries']), s.describe_endpoint(EndpointName='penguins-staging')['EndpointStatus']])(client('sagemaker'))")!;
        var (versions, runs, status) = ((int)found[0]!, (int)found[1]!, (string)found[2]!);
        var invalid = await aws.InvalidAsync();
        var converged = harm.Length == 0 && versions == 1 && runs == 1 && status == "InService" && outcome.Version == 1 && invalid.Count == 0 && !(failure is null && outcome.Changed);
        return (requests, converged ? null : $"{harm} {versions} versions, {runs} runs, endpoint {status}, {failure ?? "no failure"}, changed again: {outcome.Changed}, {string.Join(' ', invalid.Select(i => i.ToJsonString()))}", failure);
    }
}
