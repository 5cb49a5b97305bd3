using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Execution;

namespace Mlops.Platform.Local.Tests;

/// <summary>Retry policies: a step is tried again after a fault that is not its program's own, and that a policy names.</summary>
public sealed class RetryTests : StepTestsBase
{
    [SkippableFact]
    public async Task A_program_that_the_machine_ended_is_tried_again()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Retried("[ $(wc -l < TRIES) -gt 1 ] || kill -9 $$; echo done > $SAGEMAKER_BASE_DIR/model/model.txt")));

        Assert.Equal(("Succeeded", 2, null), (result.Status, Tries, result.FailureReason));
    }

    [SkippableFact]
    public async Task A_program_that_fails_by_itself_is_not()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Retried("exit 1")));

        Assert.Equal(("Failed", 1), (result.Status, Tries));
    }

    [SkippableFact]
    public async Task After_as_many_tries_as_the_policy_has_the_step_fails()
    {
        NeedsShell();
        var result = await RunAsync(Pipeline(Retried("kill -9 $$")));

        Assert.Equal(("Failed", 3), (result.Status, Tries));
    }

    [Fact]
    public void Pauses_grow_by_the_back_off()
    {
        var retries = Retries("""{ "ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 10, "BackoffRate": 1.5, "MaxAttempts": 3 }""", new Clock());

        Assert.Equal([10, 15, 22.5, null], Enumerable.Range(0, 4).Select(_ => retries.Next(StepFault.Service)?.TotalSeconds));
    }

    [Fact]
    public void A_policy_with_a_time_ends_by_it()
    {
        var clock = new Clock();
        var retries = Retries("""{ "ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 1, "ExpireAfterMin": 5 }""", clock);

        Assert.NotNull(retries.Next(StepFault.Service));
        clock.Now += TimeSpan.FromMinutes(5);
        Assert.Null(retries.Next(StepFault.Service));
    }

    [Fact]
    public void What_no_policy_names_is_not_tried_again() =>
        Assert.Null(Retries("""{ "ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3 }""", new Clock()).Next(StepFault.Capacity));

    private int Tries => File.ReadAllLines(folder.File("tries")).Length;

    private JsonObject Retried(string script)
    {
        var step = Training($"echo x >> {folder.File("tries")}; {script.Replace("TRIES", folder.File("tries"), StringComparison.Ordinal)}");
        step["RetryPolicies"] = new JsonArray(new JsonObject { ["ExceptionType"] = new JsonArray("SageMaker.JOB_INTERNAL_ERROR"), ["IntervalSeconds"] = 0.01, ["MaxAttempts"] = 2 });
        return step;
    }

    private static StepRetries Retries(string policy, TimeProvider time) => new(
        PipelineDefinition.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{ "Steps": [{ "Name": "s", "Type": "Processing", "Arguments": {}, "RetryPolicies": [{{policy}}] }] }""")).Steps[0], time);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
