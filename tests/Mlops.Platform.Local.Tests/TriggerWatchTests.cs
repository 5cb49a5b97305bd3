using Mlops.Definitions;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;
using Mlops.Platform.Local.Triggers;

namespace Mlops.Platform.Local.Tests;

/// <summary>What makes a repository train again, and when: with a clock that the test turns.</summary>
public sealed class TriggerWatchTests : IDisposable
{
    private readonly TemporaryFolder folder = TestFolder.Temporary();
    private readonly Clock clock = new();
    private readonly LocalRoot root;
    private LocalRegistry registry;

    public TriggerWatchTests()
    {
        root = new LocalRoot(folder.File(".mlops"));
        registry = LocalRegistry.Open(root);
        Write("1\n");
    }

    [Fact]
    public void A_schedule_goes_off_once_however_often_it_was_missed()
    {
        var retraining = new Retraining { Schedule = "rate(1 hour)" };
        var watch = Watch(retraining);
        Assert.Empty(watch.Look());

        clock.Now += TimeSpan.FromHours(5);
        Reopen();
        watch = Watch(retraining);

        Do(watch, Assert.Single(watch.Look()));
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromMinutes(59);
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromMinutes(1);
        Assert.Single(watch.Look());
    }

    [Fact]
    public void A_schedule_keeps_its_times_whenever_somebody_looks()
    {
        var watch = Watch(new Retraining { Schedule = "rate(10 minutes)" });
        Assert.Empty(watch.Look());

        foreach (var minutes in new[] { 11, 9, 10 })
        {
            clock.Now += TimeSpan.FromMinutes(minutes);
            Do(watch, Assert.Single(watch.Look()));
        }
    }

    [Fact]
    public void A_trigger_that_was_taken_out_of_the_configuration_goes_off_no_more()
    {
        var watch = Watch(new Retraining { Schedule = "rate(1 hour)", OnNewData = ["numbers"] });
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromHours(2);
        Assert.Single(watch.Look());

        Assert.Empty(Watch(new Retraining { OnNewData = ["numbers"] }).Look());
    }

    [Fact]
    public void A_clock_that_was_ahead_once_stops_nothing()
    {
        var retraining = new Retraining { Schedule = "rate(10 minutes)", CooldownSeconds = 60 };
        var watch = Watch(retraining);
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromDays(365);
        Do(watch, Assert.Single(watch.Look()));
        clock.Now -= TimeSpan.FromDays(365);
        Assert.Empty(watch.Look());

        clock.Now += TimeSpan.FromMinutes(11);

        Assert.Single(watch.Look());
    }

    [Fact]
    public void New_data_goes_off_when_it_has_settled_and_not_for_the_same_content()
    {
        var watch = Watch(new Retraining { OnNewData = ["numbers"] });
        Assert.Empty(watch.Look());

        Write("2\n");
        clock.Now = DateTimeOffset.UtcNow;
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromSeconds(3);
        var due = Assert.Single(watch.Look());
        Assert.Equal("retrain: new data in 'numbers'", Assert.Single(due.Reasons));
        Do(watch, due);

        Write("2\n");
        clock.Now += TimeSpan.FromSeconds(3);
        Assert.Empty(watch.Look());
    }

    [Fact]
    public void In_the_cool_down_triggers_wait_and_then_count_together()
    {
        var watch = Watch(new Retraining { Schedule = "rate(1 hour)", OnNewData = ["numbers"], CooldownSeconds = 4 * 3600 });
        Assert.Empty(watch.Look());
        clock.Now += TimeSpan.FromHours(1);
        Do(watch, Assert.Single(watch.Look()));

        Write("2\n");
        for (var i = 0; i < 3; i++)
        {
            clock.Now += TimeSpan.FromHours(1);
            Assert.Empty(watch.Look());
        }

        clock.Now += TimeSpan.FromHours(1);
        var due = Assert.Single(watch.Look());
        Assert.Equal(2, due.Reasons.Count);
        Do(watch, due);
        Assert.Empty(watch.Look());
    }

    [Fact]
    public void What_was_broken_off_is_due_again_whatever_the_cool_down()
    {
        var retraining = new Retraining { Schedule = "rate(1 hour)", CooldownSeconds = 86400 };
        var watch = Watch(retraining);
        watch.Look();
        clock.Now += TimeSpan.FromHours(1);
        watch.Begin(Assert.Single(watch.Look()));

        Reopen();
        watch = Watch(retraining);

        Do(watch, Assert.Single(watch.Look()));
        Assert.Empty(watch.Look());
    }

    [Fact]
    public void What_was_ended_from_outside_is_due_again_after_a_while_and_longer_each_time()
    {
        var watch = Watch(new Retraining { OnNewData = ["numbers"], CooldownSeconds = 86400 });
        watch.Look();
        Write("2\n");
        clock.Now = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3);

        foreach (var seconds in new[] { 10, 20, 40 })
        {
            var due = Assert.Single(watch.Look());
            watch.Begin(due);
            Assert.Equal(TimeSpan.FromSeconds(seconds), watch.BreakOff(due));
            Assert.Empty(watch.Look());
            clock.Now += TimeSpan.FromSeconds(seconds);
        }

        Do(watch, Assert.Single(watch.Look()));
        Assert.Empty(watch.Look());
    }

    [Fact]
    public void A_trigger_that_comes_while_its_action_runs_is_not_lost()
    {
        var watch = Watch(new Retraining { OnNewData = ["numbers"] });
        watch.Look();
        Write("2\n");
        clock.Now = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3);
        var due = Assert.Single(watch.Look());
        watch.Begin(due);
        Write("3\n");
        clock.Now += TimeSpan.FromSeconds(3);
        watch.End(due);

        Assert.Single(watch.Look());
    }

    [Fact]
    public void Batches_have_their_own_triggers_and_name_their_stage()
    {
        var transform = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse("""{"TransformInput":{"DataSource":{"S3DataSource":{"S3Uri":"s3://data/in/"}}}}""")!;
        var watch = Watch(null, new Stage
        {
            Name = "production",
            Approval = StageApproval.Automatic,
            EndpointName = "m-production",
            Endpoint = null,
            Place = new SourcePlace(1, 1),
            Batch = new StageBatch(transform) { OnNewData = true },
        });
        Assert.Empty(watch.Look());

        folder.Write(".mlops/s3/data/in/a.csv", "1\n");
        clock.Now = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3);

        Assert.Equal(["batch", "--stage", "production"], Assert.Single(watch.Look()).Arguments);
    }

    public void Dispose()
    {
        registry.Dispose();
        folder.Dispose();
    }

    /// <summary>Data of an age that has settled.</summary>
    private void Write(string text) => folder.Write("data/numbers.csv", text);

    private void Reopen()
    {
        registry.Dispose();
        registry = LocalRegistry.Open(root);
    }

    private static void Do(TriggerWatch watch, DueAction action)
    {
        watch.Begin(action);
        watch.End(action);
    }

    private TriggerWatch Watch(Retraining? retraining, params Stage[] stages)
    {
        var workspace = new Workspace
        {
            Repository = folder.Path,
            Artifacts = folder.Path,
            Pipeline = PipelineDefinition.Parse("""{"Steps":[]}"""u8),
            Deployment = new DeploymentDefinition
            {
                ModelName = "m",
                PipelineName = "m",
                ModelPackageGroupName = "m",
                ConfigFile = "config.yaml",
                ConfigSha256 = "",
                Prefix = "m",
                Data = [new PublishedData("numbers", "DataNumbers", "data/numbers.csv")],
                Retraining = retraining,
                Stages = stages,
            },
        };
        return new TriggerWatch(workspace, registry, new LocalObjectStore(root, registry), clock);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow + TimeSpan.FromMinutes(1);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
