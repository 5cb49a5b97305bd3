using System.Text.Json.Nodes;
using Mlops.Platform.Events;

namespace Mlops.Platform.Local.Tests;

/// <summary>What the next run does with what a killed one left.</summary>
public sealed class KilledRunTests : StepTestsBase
{
    [SkippableFact]
    public async Task Checkpoints_of_a_killed_training_are_kept()
    {
        NeedsShell();
        await KillAsync();
        // As a training leaves it that has begun.
        folder.Write(".mlops/runs/killed/train/ml/checkpoints/epoch-7", "weights");
        Execution.LeftCheckpoints.Record(folder.File(".mlops/runs/killed/train"), "/opt/ml/checkpoints", "s3://local/kept", isMounted: false);

        await using var platform = await NextAsync();

        Assert.Equal("weights", File.ReadAllText(folder.File(".mlops/s3/local/kept/epoch-7")));
        Assert.False(Directory.Exists(folder.File(".mlops/runs/killed/train")));
    }

    /// <summary>It would stand in the way of every verb that follows.</summary>
    [SkippableFact]
    public async Task What_cannot_be_made_sense_of_stops_no_other_run()
    {
        NeedsShell();
        await KillAsync();
        folder.Write(".mlops/runs/killed/train/checkpoints.json", "{");

        await using var platform = await NextAsync();

        Assert.Equal("Stopped", platform.Registry.Executions.Find("killed")!.Status);
        Assert.Contains(events.All.OfType<Notice>(), n => n.Text.Contains("the checkpoints of 'train' are not kept", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task What_a_killed_run_had_not_finished_writing_goes_and_what_its_steps_made_stays()
    {
        NeedsShell();
        await KillAsync(row =>
        {
            var properties = new JsonObject { ["ModelArtifacts"] = new JsonObject { ["S3ModelArtifacts"] = "s3://local/m/models/killed/train/pipelines-killed-train/output/model.tar.gz" } };
            row.EndStep("killed", new Registry.StepStart("train", "Training", DateTimeOffset.UtcNow, null, null, null), "Succeeded", properties, null, null, new Dictionary<string, double>(), []);
            foreach (var name in new[] { "tune", "evaluate" })
                row.StartStep("killed", new Registry.StepStart(name, "Processing", DateTimeOffset.UtcNow, null, null, null), "1/1");
        });

        string[] stays = ["m/models/killed/train/pipelines-killed-train/output/model.tar.gz", "m/models/killed/train/pipelines-killed-train/output/output.tar.gz", "m/models/tuning/pipelines-killed-tune-other/model.tar.gz", "m/runs/another/evaluate/report.json", "m/runs/killed/train/by-its-program.json"];
        foreach (var file in stays.Concat(["m/models/tuning/pipelines-killed-tune-003/output/model.tar.gz", "m/runs/killed/evaluate/report.json"]))
            folder.Write(".mlops/s3/local/" + file, "content");

        await using var platform = await NextAsync();

        Assert.Equal(
            stays,
            Directory.EnumerateFiles(folder.File(".mlops/s3/local"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder.File(".mlops/s3/local"), f)).Order(StringComparer.Ordinal));
    }

    /// <summary>A run that was killed at work.</summary>
    private async Task KillAsync(Action<Registry.ExecutionTable>? further = null)
    {
        await using var before = Open();
        before.Registry.PutPipeline("p", "{\"Steps\":[]}", "x");
        before.Registry.Executions.Start("killed", "p", "f", []);
        further?.Invoke(before.Registry.Executions);
    }

    /// <summary>The next verb: it looks when it gets the lock.</summary>
    private async Task<LocalPlatform> NextAsync()
    {
        var platform = Open();
        await (await platform.LockAsync("run", default)).DisposeAsync();
        return platform;
    }
}
