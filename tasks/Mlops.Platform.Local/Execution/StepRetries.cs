using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// The retry policies of a step ("Retry Policy for Pipeline Steps" of SageMaker's guide): after which faults it is tried again, how often or how
/// long, and after how long a pause, which grows with each try.
/// </summary>
internal sealed class StepRetries(PipelineStep step, TimeProvider time)
{
    private const int DefaultIntervalSeconds = 1;
    private const double DefaultBackoff = 2;
    private const int DefaultAttempts = 5;

    /// <summary>A back-off of many tries grows beyond what any clock waits for.</summary>
    private const double LongestPauseSeconds = 86_400;

    private readonly IReadOnlyList<Policy> policies = [.. Json.Objects(step.Others["RetryPolicies"]).Select(p => new Policy(p, time.GetUtcNow()))];

    /// <summary>How long to wait before the next try; null: there is none.</summary>
    public TimeSpan? Next(StepFault fault) => policies.FirstOrDefault(p => p.Covers(fault))?.Next(time.GetUtcNow());

    private sealed class Policy(JsonObject policy, DateTimeOffset began)
    {
        private double pause = Json.Number(policy["IntervalSeconds"]) ?? DefaultIntervalSeconds;
        private int tries;

        public bool Covers(StepFault fault) => Json.Texts(policy["ExceptionType"]).Contains(fault.Name);

        public TimeSpan? Next(DateTimeOffset now)
        {
            var isOver = Json.Number(policy["ExpireAfterMin"]) is { } minutes ? (now - began).TotalSeconds + pause >= minutes * 60 : tries >= (Json.Number(policy["MaxAttempts"]) ?? DefaultAttempts);
            if (isOver)
                return null;
            tries++;
            var next = TimeSpan.FromSeconds(Math.Min(pause, LongestPauseSeconds));
            pause *= Json.Number(policy["BackoffRate"]) ?? DefaultBackoff;
            return next;
        }
    }
}

/// <summary>What went wrong that was not the program's own doing, by SageMaker's name.</summary>
internal sealed record StepFault(string Name)
{
    /// <summary>Something that the step asks (here: its stand-in) failed.</summary>
    public static StepFault Service { get; } = new("Step.SERVICE_FAULT");

    /// <summary>The machine ended the program.</summary>
    public static StepFault Internal { get; } = new("SageMaker.JOB_INTERNAL_ERROR");

    /// <summary>The machine had no room to start it.</summary>
    public static StepFault Capacity { get; } = new("SageMaker.CAPACITY_ERROR");
}
