using System.Diagnostics;
using System.Text.Json.Nodes;
using Mlops.Platform.Local.Endpoints;

namespace Mlops.Platform.Local.Tests;

/// <summary>How a new version takes over: the shares that it gets, and what sends it back.</summary>
public sealed class RolloutTests
{
    [Theory]
    [InlineData("""{"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}}""", "1")]
    [InlineData("""{"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}, "WaitIntervalInSeconds": 0}}}""", "0.1 1")]
    [InlineData("""{"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR", "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 40}, "WaitIntervalInSeconds": 0}}}""", "0.4 0.8 1")]
    [InlineData("""{"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 0}}""", "0.5 1")]
    public async Task Requests_move_by_the_policys_steps(string policy, string shares)
    {
        var shifted = new List<double>();

        Assert.Null(await Rollout.Of(JsonNode.Parse(policy), null, null).RunAsync([], shifted.Add, Stopwatch.GetTimestamp, default));

        Assert.Equal(shares, string.Join(' ', shifted.Select(s => s.ToString(System.Globalization.CultureInfo.InvariantCulture))));
    }

    [Fact]
    public async Task Slow_answers_send_a_version_back_in_the_step_in_which_they_come()
    {
        var (shifted, reason) = await RunAsync(new Rollout([0.5, 1], TimeSpan.FromSeconds(2), P99Milliseconds: 100, ErrorRate: null), (fleet, share) => Answer(fleet, 100, 200, share < 1 ? 20 : 300));

        Assert.Equal([0.5, 1], shifted);
        Assert.Equal("with 100 % of the requests, 99 of a hundred answers took up to 300 ms (alarms.p99_latency: 100ms).", reason);
    }

    [Fact]
    public async Task Errors_send_a_version_back_and_a_few_of_them_do_not()
    {
        var rollout = new Rollout([0.1, 1], TimeSpan.FromSeconds(2), null, ErrorRate: 0.1);

        Assert.Null((await RunAsync(rollout, (fleet, _) =>
        {
            Answer(fleet, 95, 200, 1);
            Answer(fleet, 5, 500, 1);
        })).Reason);
        var (shifted, reason) = await RunAsync(rollout, (fleet, _) => Answer(fleet, 10, 500, 1));

        Assert.Equal([0.1], shifted);
        Assert.Equal("with 10 % of the requests, 10 of 10 answers were errors of the model (alarms.error_rate: 0.1).", reason);
    }

    private static async Task<(List<double> Shifted, string? Reason)> RunAsync(Rollout rollout, Action<Fleet, double> answer)
    {
        await using var fleet = new Fleet(new VariantSettings("AllTraffic", 2, 1, 1), (_, _) => throw new InvalidOperationException("Nothing is started here."), null, _ => { });
        var shifted = new List<double>();
        var reason = await rollout.RunAsync([fleet], share =>
        {
            shifted.Add(share);
            // Counted from then on.
            _ = Task.Run(async () =>
            {
                await Task.Delay(100);
                answer(fleet, share);
            });
        }, Stopwatch.GetTimestamp, default);
        return (shifted, reason);
    }

    private static void Answer(Fleet fleet, int count, int status, int milliseconds)
    {
        for (var i = 0; i < count; i++)
            fleet.Answered(status, TimeSpan.FromMilliseconds(milliseconds));
    }
}
