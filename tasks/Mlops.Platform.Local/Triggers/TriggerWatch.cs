using System.Globalization;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Triggers;

/// <summary>Something that is to be done because triggers say so.</summary>
/// <param name="Name">'retrain', or 'batch STAGE'.</param>
/// <param name="Reasons">The triggers, in words.</param>
/// <param name="Arguments">The verb of this program that does it.</param>
public sealed record DueAction(string Name, IReadOnlyList<string> Reasons, IReadOnlyList<string> Arguments);

/// <summary>
/// Keeps the schedules of a repository and watches its data: retraining, at most once in its cool-down, and batches. What was missed while
/// nobody watched counts once. An action that was broken off is due again.
/// </summary>
public sealed class TriggerWatch
{
    private const string Retrain = "retrain";

    /// <summary>Files that were written so lately may not be complete yet.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (DateTimeOffset After, TimeSpan Pause)> brokenOff = new(StringComparer.Ordinal);
    private readonly LocalRegistry registry;
    private readonly TimeProvider time;
    private readonly List<Trigger> triggers = [];
    private readonly Dictionary<string, WatchedAction> actions = new(StringComparer.Ordinal);

    internal TriggerWatch(Workspace workspace, LocalRegistry registry, LocalObjectStore objects, TimeProvider time)
    {
        this.registry = registry;
        this.time = time;
        var deployment = workspace.Deployment;
        if (deployment.Retraining is { } retraining)
        {
            actions[Retrain] = new WatchedAction(TimeSpan.FromSeconds(retraining.CooldownSeconds), ["run", .. retraining.Parameters.SelectMany(p => new[] { "--parameter", $"{p.Key}={p.Value}" })]);
            AddSchedule(Retrain, retraining.Schedule, deployment.TimeZone);
            foreach (var data in deployment.Data.Where(d => retraining.OnNewData.Contains(d.Name)))
                triggers.Add(new DataTrigger($"{Retrain}: new data in '{data.Name}'", Retrain, data.IsInS3 ? objects.PathOf(data.Source) : workspace.FullPath(data.Source)));
        }

        foreach (var stage in deployment.Stages.Where(s => s.Batch is not null))
        {
            var action = $"batch {stage.Name}";
            actions[action] = new WatchedAction(TimeSpan.Zero, ["batch", "--stage", stage.Name]);
            AddSchedule(action, stage.Batch!.Schedule, deployment.TimeZone);
            if (stage.Batch.OnNewData)
                triggers.Add(new DataTrigger($"{action}: new records", action, objects.PathOf(stage.Batch.Transform["TransformInput"]!["DataSource"]!["S3DataSource"]!["S3Uri"]!.ToString())));
        }
    }

    /// <summary>What is watched, in words; empty: nothing is.</summary>
    public IReadOnlyList<string> Watched => [.. triggers.Select(t => t.Name)];

    /// <summary>Actions that wait for the end of their cool-down, as the last look found them.</summary>
    public IReadOnlyList<string> Waiting { get; private set; } = [];

    /// <summary>Looks at every trigger, and says what is to be done now.</summary>
    public IReadOnlyList<DueAction> Look()
    {
        var now = time.GetUtcNow();
        foreach (var trigger in triggers)
        {
            var before = registry.Triggers.Seen(trigger.Name);
            if (trigger.Look(before, now) is { } seen && seen != before)
                registry.Triggers.See(trigger.Name, trigger.Action, seen, trigger.GoesOff(before, seen) ? now : null);
        }

        var (due, waiting) = (new List<DueAction>(), new List<string>());
        foreach (var (name, action) in actions)
        {
            // What is no longer watched is passed over.
            var pending = registry.Triggers.Pending(name).Where(p => triggers.Exists(t => t.Name == p)).ToList();
            if (pending.Count == 0 || (brokenOff.TryGetValue(name, out var again) && again.After > now))
                continue;
            // A start that lies ahead is of a clock that was wrong then.
            if (registry.Triggers.Action(name) is var (started, isRunning) && !isRunning && started <= now && started + action.Cooldown > now)
                waiting.Add(string.Create(CultureInfo.InvariantCulture, $"{name} waits for the end of its cool-down, {started + action.Cooldown:yyyy-MM-ddTHH:mm:ssZ}: {string.Join("; ", pending)}"));
            else
                due.Add(new DueAction(name, pending, action.Arguments));
        }

        Waiting = waiting;

        return due;
    }

    /// <summary>Recorded before the action: if this process is killed, the next one takes it up again.</summary>
    public void Begin(DueAction action) => registry.Triggers.Begin(action.Name, time.GetUtcNow());

    public void End(DueAction action)
    {
        registry.Triggers.End(action.Name);
        brokenOff.Remove(action.Name);
    }

    /// <summary>It was ended from outside, or had no room: its triggers still wait, and it is due again after a while, longer each time.</summary>
    /// <returns>After how long.</returns>
    public TimeSpan BreakOff(DueAction action)
    {
        var pause = brokenOff.TryGetValue(action.Name, out var last) ? TimeSpan.FromTicks(Math.Min(last.Pause.Ticks * 2, LongestPause.Ticks)) : FirstPause;
        brokenOff[action.Name] = (time.GetUtcNow() + pause, pause);
        return pause;
    }

    private void AddSchedule(string action, string? schedule, string zone)
    {
        if (schedule is not null)
            triggers.Add(new ScheduleTrigger($"{action}: {schedule}, {zone}", action, Schedule.Parse(schedule, zone)));
    }

    private sealed record WatchedAction(TimeSpan Cooldown, IReadOnlyList<string> Arguments);

    private abstract record Trigger(string Name, string Action)
    {
        /// <summary>What there is to see now, which differs from <paramref name="before"/> where the trigger goes off; null: nothing yet.</summary>
        public abstract string? Look(string? before, DateTimeOffset now);

        /// <summary>Whether what is seen now is a reason to act; the first look only notes it.</summary>
        public virtual bool GoesOff(string? before, string seen) => before is not null;
    }

    private sealed record ScheduleTrigger(string Name, string Action, Schedule Schedule) : Trigger(Name, Action)
    {
        public override string? Look(string? before, DateTimeOffset now)
        {
            // A time that lies ahead is of a clock that was wrong then: it is as if nobody had looked.
            if (before is null || Time(before) is var seen && seen > now)
                return now.ToString("O", CultureInfo.InvariantCulture);
            // The newest time that has come, not that of this look: whoever looks at intervals of their own would miss more and more.
            var newest = seen;
            while (Schedule.Next(newest) is { } next && next <= now)
                newest = next;
            return newest == seen ? before : newest.ToString("O", CultureInfo.InvariantCulture);
        }

        public override bool GoesOff(string? before, string seen) => before is not null && Time(seen) > Time(before);

        private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>A file or folder; what is not there yet is empty.</summary>
    private sealed record DataTrigger(string Name, string Action, string Path) : Trigger(Name, Action)
    {
        private (string? Stamp, string Seen)? last;

        public override string? Look(string? before, DateTimeOffset now)
        {
            try
            {
                if (!System.IO.Path.Exists(Path))
                    return before ?? "";
                if (Newest() is var newest && newest > now.UtcDateTime - Settling && newest <= now.UtcDateTime)
                    return null;
                var stamp = ContentHash.Stamp(Path);
                if (last is not var (known, seen) || known != stamp)
                    last = (stamp, seen = ContentHash.Of(Path));
                return seen;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // It changes just now, or cannot be read: a run would say so.
            }
        }

        private DateTime Newest() => Directory.Exists(Path)
            ? new DirectoryInfo(Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Select(f => f.LastWriteTimeUtc).Append(Directory.GetLastWriteTimeUtc(Path)).Max()
            : (File.ResolveLinkTarget(Path, returnFinalTarget: true) ?? new FileInfo(Path)).LastWriteTimeUtc;
    }
}
