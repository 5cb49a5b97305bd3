using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mlops.Definitions;
using Mlops.Platform.Local.Registry;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local;

/// <summary>
/// Takes away what old runs left. The newest runs stay as they are, and whatever they, registered versions and the published pipelines refer to:
/// a version goes on serving and can be gone back to. The registry's rows stay: runs are listed and compared without their files.
/// </summary>
/// <param name="python">What Python programs start with now.</param>
public sealed partial class RunCollector(LocalRoot root, LocalRegistry registry, DeploymentDefinition deployment, string python)
{
    private static readonly string[] Kinds = ["runs", "models", "source", "archive"];

    /// <summary>Runs above the bound are taken away together: a tenth of it, so that not every run looks for them.</summary>
    private const int Share = 10;

    private string Prefix => Path.Combine(root.Buckets, LocalObjectStore.BucketName, Path.Combine(deployment.Prefix.Split('/')));

    /// <summary>Keeps what runs leave within its bound. Returns how many bytes were freed.</summary>
    /// <param name="keep">How many runs stay whole.</param>
    public long Bound(int keep)
    {
        var most = keep + (keep / Share);
        // Of all pipelines that run here: in most places that is one, and no row of the registry is read.
        if (Directories(root.Runs).Count() <= most || Ours().Count(e => Directory.Exists(root.Run(e.Id))) <= most)
            return 0;
        // Other models may share the environments: only who asks for it loses those.
        var found = Find(keep, environments: false);
        Delete(found);
        return found.Sum(f => f.Bytes);
    }

    /// <summary>What would go, with its size in bytes, in the order of the paths.</summary>
    /// <param name="keep">How many runs stay whole.</param>
    /// <param name="environments">Whether environments of Python go that nothing of this model uses.</param>
    public IReadOnlyList<(string Path, long Bytes)> Find(int keep, bool environments = true)
    {
        var all = registry.Executions.Newest(int.MaxValue).ToList();
        var newest = all.Where(IsOurs).ToList();
        // Also those of other pipelines that share the folder.
        var kept = all.GroupBy(e => e.Pipeline, StringComparer.Ordinal).SelectMany(p => p.Take(keep)).Concat(all.Where(e => e.Status == "Executing")).Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        // What registered versions are made of: code by its hash, data by its place. Their runs' logs go.
        var versions = registry.Models.Groups().SelectMany(registry.Models.List).SelectMany(v => registry.Models.Parents(ModelTable.Node(v.Group, v.Version))).ToHashSet(StringComparer.Ordinal);
        var logs = newest.Where(e => !kept.Contains(e.Id)).Select(e => root.Run(e.Id)).Where(Directory.Exists);
        var used = string.Join('\n', kept.SelectMany(registry.Executions.Properties).Concat(registry.Models.Requests()).Concat(registry.Definitions()).Concat(deployment.Sources.Select(s => $"/{AsJson(s.Key)}/")));
        var objects = Kinds.SelectMany(Children)
            .Concat(Children("data").SelectMany(Directories)).Concat(Directories(Path.Combine(Prefix, "models", "tuning")).SelectMany(Directories))
            .Where(f => !IsKept(f));
        var endpoints = string.Join('\n', registry.Endpoints.All().Select(e => e.Config.ToJsonString()));
        var unused = !environments ? [] : Directories(root.Environments).Where(e => !python.StartsWith(e + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !endpoints.Contains(Path.GetFileName(e), StringComparison.Ordinal));
        return [.. logs.Concat(objects).Concat(unused).Concat(BrokenOff()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(f => (f, SizeOf(f)))];

        bool IsKept(string folder)
        {
            var name = Path.GetFileName(folder);
            // A tuning's trainings lie beside each other, whatever run they are of.
            var run = name.StartsWith("pipelines-", StringComparison.Ordinal) && name.Split('-') is [_, var id, ..] ? id : name;
            var key = Path.GetRelativePath(root.Buckets, folder).Replace('\\', '/');
            return name == "tuning" || kept.Contains(run) || versions.Contains($"code:{name}") || versions.Any(v => v.EndsWith($"/{key}", StringComparison.Ordinal)) || used.Contains($"/{AsJson(key)}/", StringComparison.Ordinal) || used.Contains($"/{AsJson(key)}\"", StringComparison.Ordinal);
        }

        // As the registry keeps it: with escapes of what is not plain.
        static string AsJson(string key) => JsonEncodedText.Encode(key).ToString();
    }

    private IEnumerable<ExecutionRow> Ours() => registry.Executions.Newest(int.MaxValue).Where(IsOurs);

    /// <summary>Where only definitions were run, there is no pipeline of the place's own.</summary>
    private bool IsOurs(ExecutionRow execution) => deployment.PipelineName.Length == 0 || execution.Pipeline == deployment.PipelineName;

    /// <summary>What a killed process was writing when it ended: it has not got its name yet. Only where and as such names are made: HASH.PROCESS.tmp, model.tar.gz.PROCESS-THREAD.tmp.</summary>
    private IEnumerable<string> BrokenOff()
    {
        var folders = Children("source").Concat(Children("archive")).Concat(Children("data").SelectMany(Directories));
        var models = Path.Combine(Prefix, "models");
        var archives = Directory.Exists(models) ? Directory.EnumerateFiles(models, "*.tar.gz.*.tmp", SearchOption.AllDirectories) : [];
        return folders.Concat(archives).Where(f => Temporary().Match(Path.GetFileName(f)) is { Success: true } name && !IsRunning(int.Parse(name.Groups["process"].Value, CultureInfo.InvariantCulture)));
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^([0-9a-f]{64}|model\.tar\.gz|output\.tar\.gz)\.(?<process>\d{1,9})(-\d+)?\.tmp$")]
    private static partial Regex Temporary();

    /// <summary>Takes it away.</summary>
    public static void Delete(IEnumerable<(string Path, long Bytes)> found)
    {
        foreach (var (path, _) in found)
        {
            Files.Delete(path);
            if (File.Exists(path)) // It may have gone with a folder above it.
                File.Delete(path);
        }
    }

    /// <summary>In words for people: 1.5 MB.</summary>
    public static string Shown(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
    };

    private IEnumerable<string> Children(string kind) => Directories(Path.Combine(Prefix, kind));

    private static IEnumerable<string> Directories(string folder) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];

    private static long SizeOf(string folder) => File.Exists(folder) ? new FileInfo(folder).Length : new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
}
