using System.Text.Json;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Execution;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local;

/// <summary>Runs whose process was killed: what they left is ended and taken away by the next one.</summary>
internal sealed class InterruptedRuns(LocalRoot root, LocalRegistry registry, LocalObjectStore objects, IEventSink events)
{
    /// <summary>Ends what a killed run left: its steps' programs, and its state in the registry. Only for the holder of the lock.</summary>
    public void Recover()
    {
        foreach (var id in registry.Executions.Interrupted())
        {
            // It is marked last: whoever is broken off here as well leaves the rest to the next one.
            foreach (var process in registry.Executions.Processes(id).Select(ProcessIdentity.Parse).OfType<ProcessIdentity>())
                ProcessGroup.KillLeftover(process);
            ProcessGroup.KillMarked(id);
            foreach (var step in Directory.Exists(root.Run(id)) ? Directory.EnumerateDirectories(root.Run(id)) : [])
            {
                ContainerRuntime.EndBelow(step);
                Try(() => LeftCheckpoints.Keep(step, objects), $"the checkpoints of '{Path.GetFileName(step)}' are not kept");
                Try(() => Files.Delete(step), $"the folder '{step}' stays");
            }

            Try(() => DeleteUnfinished(id), "what its steps wrote stays");
            registry.Executions.MarkInterrupted(id);
            events.Add(new Notice($"Execution {id} had been interrupted; it is marked Stopped."));
        }
    }

    /// <summary>What a step left may be such that it cannot be taken away: that stops no other run.</summary>
    private void Try(Action clean, string otherwise)
    {
        try
        {
            clean();
        }
        catch (Exception e) when (e is DefinitionException or JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            events.Add(new Notice($"Of an execution that had been interrupted {otherwise}: {e.Message}"));
        }
    }

    /// <summary>
    /// Takes away what the steps that had not succeeded wrote: EXECUTION/STEP, and the folders of their jobs. Whatever lies with a step that had
    /// stays, since the next run takes it from the cache.
    /// </summary>
    private void DeleteUnfinished(string id)
    {
        var bucket = Path.Combine(root.Buckets, LocalObjectStore.BucketName);
        if (!Directory.Exists(bucket))
            return;
        var steps = registry.Executions.Steps(id);
        var jobs = Folders($"pipelines-{id}-*").Where(f => !steps.Any(s => s.Status == "Succeeded" && IsOf(f, s.Name)));
        foreach (var step in steps.Where(s => s.Status != "Succeeded"))
        {
            foreach (var folder in Folders(id).Select(f => Path.Combine(f, step.Name)).Where(Directory.Exists).Concat(jobs.Where(f => IsOf(f, step.Name))).ToList())
                Files.Delete(folder);
        }

        List<string> Folders(string pattern) => [.. Directory.EnumerateDirectories(bucket, pattern, SearchOption.AllDirectories)];

        // A tuning's trainings have a number behind its name.
        bool IsOf(string folder, string step) => Path.GetFileName(folder) is var name && (name == $"pipelines-{id}-{step}"
            || (name.StartsWith($"pipelines-{id}-{step}-", StringComparison.Ordinal) && name[$"pipelines-{id}-{step}-".Length..].All(char.IsAsciiDigit)));
    }
}
