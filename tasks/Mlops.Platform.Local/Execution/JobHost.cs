using System.Globalization;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// One instance of a job: a program with folders of its own. Several run at once as processes of this machine, by SageMaker's names,
/// algo-1, algo-2, ...; a name is found on the network where a mount namespace or a container can be had.
/// </summary>
/// <param name="Number">From 1 on.</param>
/// <param name="Count">Of the job.</param>
internal sealed record JobHost(int Number, int Count, ContainerFolder Container, string Log)
{
    public bool IsFirst => Number == 1;

    /// <summary>That holds the container's.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Container.BaseFolder)!;

    /// <summary>A loopback address for each host's name: programs that listen on their own name do so beside each other.</summary>
    public IReadOnlyList<(string Name, string Address)> Addresses => [.. Enumerable.Range(1, Count).Select(n => (NameOf(n), string.Create(CultureInfo.InvariantCulture, $"127.0.0.{n}")))];

    /// <summary>resourceconfig.json's current_host.</summary>
    public string Name => NameOf(Number);

    public JsonArray Names => new([.. Enumerable.Range(1, Count).Select(n => JsonValue.Create(NameOf(n)))]);

    /// <param name="count">InstanceCount of the job's cluster.</param>
    /// <param name="request">AppSpecification or AlgorithmSpecification.</param>
    public static IReadOnlyList<JobHost> Of(StepContext step, JsonNode? count, JsonNode? request)
    {
        var hosts = count is null ? 1 : Json.Number(count) is { } number && number >= 1 && number == Math.Floor(number) ? (int)number
            : throw new DefinitionException($"InstanceCount is a whole number from 1 on, and here it is {count.ToJsonString()}.");
        return [.. Enumerable.Range(1, hosts).Select(n => new JobHost(
            n, hosts, new ContainerFolder(n == 1 ? step.Folder : Path.Combine(step.Folder, NameOf(n)), step.Execution.Programs.RunsImage(JobProgram.ImageOf(request))), n == 1 ? step.Log : Path.ChangeExtension(step.Log, $"{NameOf(n)}.log")))];
    }

    /// <summary>Runs the programs of all hosts. Where one fails, the others are ended. Returns the first failure, or null.</summary>
    public static async Task<string?> RunAsync(IReadOnlyList<StepProcess> processes, CancellationToken cancellation)
    {
        if (processes is [var only])
            return await only.RunAsync(cancellation);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = processes.Select((process, i) => OneAsync(process, NameOf(i + 1))).ToList();
        var failures = await Task.WhenAll(running);
        cancellation.ThrowIfCancellationRequested();
        return failures.FirstOrDefault(f => f is { Length: > 0 });

        async Task<string?> OneAsync(StepProcess process, string name)
        {
            try
            {
                if (await process.RunAsync(ending.Token) is not { } failure)
                    return null;
                await ending.CancelAsync();
                return $"{name}: {failure}";
            }
            catch (OperationCanceledException)
            {
                return ""; // Ended with the others.
            }
            catch
            {
                // Those that wait for this one would wait for good.
                await ending.CancelAsync();
                throw;
            }
        }
    }

    /// <summary>SageMaker downloads what lies below the prefix into a folder; a single object keeps its name. ShardedByS3Key: each host gets its part of the objects.</summary>
    /// <param name="source">S3DataSource, or S3Input.</param>
    public void Place(JsonNode? source, LocalObjectStore objects, string folder)
    {
        var sharded = S3Source.IsSharded(source);
        if (S3Source.Listed(source, objects) is not { } listed)
        {
            Place(objects.ExistingPathOf(Json.Text(source?["S3Uri"])), folder, sharded);
            return;
        }

        S3Source.Copy(listed.Where((_, i) => !sharded || i % Count == Number - 1), folder);
    }

    private void Place(string source, string folder, bool sharded)
    {
        if (!Directory.Exists(source))
        {
            Directory.CreateDirectory(folder);
            if (!sharded || IsFirst)
                Files.Copy(source, Path.Combine(folder, Path.GetFileName(source)));
            return;
        }

        if (!sharded || Count == 1)
        {
            Files.Copy(source, folder);
            return;
        }

        Directory.CreateDirectory(folder);
        foreach (var (file, i) in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select((f, i) => (f, i)))
        {
            if (i % Count == Number - 1)
                Files.Copy(file, Path.Combine(folder, Path.GetRelativePath(source, file)));
        }
    }

    /// <summary>Adds what other hosts left in the same folder of theirs, where the first has no such file.</summary>
    public static void Gather(IReadOnlyList<JobHost> hosts, string containerPath)
    {
        hosts[0].Container.Left(containerPath);
        var first = hosts[0].Container.Make(containerPath);
        if (hosts.Count > 1)
            Files.Materialize(first, hosts[0].Container.Links);
        foreach (var (host, folder) in hosts.Skip(1).Select(h => (h, h.Container.Left(containerPath))).Where(h => Directory.Exists(h.Item2)))
        {
            Files.Materialize(folder, host.Container.Links);
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(first, Path.GetRelativePath(folder, file));
                if (!File.Exists(target))
                    AtomicFile.Move(file, target);
            }
        }
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"algo-{number}");
}
