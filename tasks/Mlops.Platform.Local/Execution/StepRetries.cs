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

    /// <summary>What is wrong with a step's policies, in a sentence; null: nothing. Source: "Supported JSON schema for the retry policy" of the guide.</summary>
    public static string? Wrong(PipelineStep step)
    {
        foreach (var policy in Json.Objects(step.Others["RetryPolicies"]))
        {
            if (policy["ExceptionType"] is not JsonArray { Count: > 0 } types)
                return "a retry policy names the exceptions that it is for, in a list ('ExceptionType').";
            if (Json.Texts(types).FirstOrDefault(t => !Exceptions.Contains(t)) is { } unknown)
                return $"there is no exception '{unknown}' to retry after. There are {string.Join(", ", Exceptions)}.";
            if (policy["MaxAttempts"] is not null && policy["ExpireAfterMin"] is not null)
                return "a retry policy has 'MaxAttempts' or 'ExpireAfterMin', and not both.";
            foreach (var (name, least, most, whole) in new[] { ("IntervalSeconds", 0, MostSeconds, false), ("BackoffRate", 0, int.MaxValue, false), ("MaxAttempts", 1, 20, true), ("ExpireAfterMin", 1, 14_400, true) })
            {
                if (policy[name] is { } given && !(Json.Number(given) is { } number && number >= least && number <= most && (!whole || number == Math.Floor(number))))
                    return $"'{name}' of a retry policy is a {(whole ? "whole " : "")}number from {least}{(most == int.MaxValue ? " on" : $" to {most}")}, and has {given.ToJsonString()}.";
            }
        }

        return null;
    }

    private const int MostSeconds = 43_200;

    private static readonly string[] Exceptions =
        ["Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"];

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
