using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>
/// How the requests move to a new version: in steps, after each of which it must bear itself for a while. Deployment guardrails' policies;
/// a rolling update moves requests as a linear one does, since the instances of a laptop are its processes.
/// </summary>
/// <param name="Shares">Of the requests, that the new version gets in each step.</param>
/// <param name="Bake">How long each step is watched.</param>
/// <param name="P99Milliseconds">What 99 of a hundred answers may take; null: any time.</param>
/// <param name="ErrorRate">How many of the answers may be errors of the model, 0 to 1; null: any.</param>
internal sealed record Rollout(IReadOnlyList<double> Shares, TimeSpan Bake, double? P99Milliseconds, double? ErrorRate)
{
    /// <summary>So few answers say nothing yet, unless the step ends with them.</summary>
    private const int FewAnswers = 10;

    /// <summary>Without a request for so long, and during the look, there is nothing to watch: the step ends at once.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Rollout Of(JsonNode? deployment, double? p99, double? errorRate)
    {
        var traffic = deployment?["BlueGreenUpdatePolicy"]?["TrafficRoutingConfiguration"];
        var rolling = deployment?["RollingUpdatePolicy"];
        var percent = Json.Number((traffic?["CanarySize"] ?? traffic?["LinearStepSize"] ?? rolling?["MaximumBatchSize"])?["Value"]) ?? 100;
        var bake = TimeSpan.FromSeconds(Json.Number(traffic?["WaitIntervalInSeconds"] ?? rolling?["WaitIntervalInSeconds"]) ?? 0);
        double[] shares = traffic?["CanarySize"] is not null
            ? [percent / 100, 1]
            : [.. Enumerable.Range(1, (int)Math.Ceiling(100 / percent)).Select(i => Math.Min(1, i * percent / 100))];
        return new Rollout(shares, bake, p99, errorRate);
    }

    /// <summary>Moves the requests step by step. Returns why the new version must go again, or null.</summary>
    /// <param name="shift">Gives the new version its share.</param>
    /// <param name="lastRequest">When the endpoint was asked last, as <see cref="Stopwatch.GetTimestamp"/> has it.</param>
    public async Task<string?> RunAsync(IReadOnlyList<Fleet> fresh, Action<double> shift, Func<long> lastRequest, CancellationToken cancellation)
    {
        foreach (var share in Shares)
        {
            shift(share);
            if (await BakeAsync(fresh, lastRequest, cancellation) is { } reason)
                return string.Create(CultureInfo.InvariantCulture, $"with {share * 100:0.#} % of the requests, {reason}");
        }

        return null;
    }

    private async Task<string?> BakeAsync(IReadOnlyList<Fleet> fresh, Func<long> lastRequest, CancellationToken cancellation)
    {
        var counts = fresh.Select(f => f.CountAnswers()).ToList();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Bake)
        {
            await Task.Delay(Pause, cancellation);
            if (fresh.Any(f => f.HasFailed))
                return "its process ended.";
            if (counts.Select(c => Alarm(c, FewAnswers)).FirstOrDefault(a => a is not null) is { } alarm)
                return alarm;
            if (clock.Elapsed > Look && Stopwatch.GetElapsedTime(lastRequest()) > Quiet)
                break;
        }

        return counts.Select(c => Alarm(c, 1)).FirstOrDefault(a => a is not null);
    }

    private string? Alarm(AnswerCount count, int fewest)
    {
        if (count.Answers < fewest)
            return null;
        if (ErrorRate is { } rate && (double)count.Errors / count.Answers > rate)
            return string.Create(CultureInfo.InvariantCulture, $"{count.Errors} of {count.Answers} answers were errors of the model (alarms.error_rate: {rate}).");
        return P99Milliseconds is { } limit && count.P99Milliseconds > limit
            ? string.Create(CultureInfo.InvariantCulture, $"99 of a hundred answers took up to {count.P99Milliseconds} ms (alarms.p99_latency: {limit}ms).")
            : null;
    }
}
