using Mlops.Definitions;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local;

/// <summary>Where the local platform keeps things, below <c>local.root</c>.</summary>
public sealed class LocalRoot
{
    private readonly List<string> areas = [];

    public LocalRoot(string folder)
    {
        Folder = Path.GetFullPath(folder);
        Buckets = Area("s3");
        Uploads = Area("uploads");
        Sources = Area("sources");
        Provenances = Area("provenance");
        Environments = Area("environments");
        Runs = Area("runs");
        LastRuns = Area("last");
        Queues = Area("queues");
        Streams = Area("streams");
        Batches = Area("batches");
        Endpoints = Area("endpoints");
        Directory.CreateDirectory(Folder);
        // Nothing in here belongs into a repository, whatever its .gitignore says.
        var ignore = Path.Combine(Folder, ".gitignore");
        if (!File.Exists(ignore))
            File.WriteAllText(ignore, "*\n");
    }

    public string Folder { get; }

    public string Registry => Path.Combine(Folder, "registry.db");

    public string Buckets { get; }

    /// <summary>What programs are uploading, on the volume of the buckets.</summary>
    public string Uploads { get; }

    /// <summary>Which files were put under an S3 URI in place of what a definition names: a line each.</summary>
    public string Source(string uri) => Path.Combine(Sources, Digest.Of(uri));

    public string Lock => Path.Combine(Folder, "deploy.lock");

    /// <summary>Who did what: a line a verb.</summary>
    public string Audit => Path.Combine(Folder, "audit.jsonl");

    /// <summary>The statement of what a version was made of.</summary>
    public string Provenance(string group, int version) => Path.Combine(Provenances, group, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{version}.intoto.json"));

    /// <summary>Held by the one who keeps the schedules.</summary>
    public string WatchLock => Path.Combine(Folder, "watch.lock");

    /// <summary>Virtual environments of Python, by their content.</summary>
    public string Environments { get; }

    public string ServerFile => Path.Combine(Folder, "server.json");

    public string ServerLock => Path.Combine(Folder, "server.lock");

    public string ServerLog => Path.Combine(Folder, "server.log");

    /// <summary>Of one execution: the steps' logs, and their folders while they run.</summary>
    public string Run(string executionId) => Path.Combine(Runs, executionId);

    public string Runs { get; }

    /// <summary>The container folder of a step's last run, for a debugger to start on the same inputs.</summary>
    public string Last(string step) => Path.Combine(LastRuns, step);

    /// <summary>Requests of an asynchronous endpoint that wait for an answer.</summary>
    public string Queue(string endpoint) => Path.Combine(Queues, endpoint);

    /// <summary>What SageMaker would send to topics: a line for each.</summary>
    public string Notifications => Path.Combine(Folder, "notifications.jsonl");

    /// <summary>A stream: a folder of JSON lines.</summary>
    public string Stream(string name) => Path.Combine(Streams, name);

    /// <summary>Of a stage's batch, while it is predicted.</summary>
    public string Batch(string name) => Path.Combine(Batches, name);

    /// <summary>What the model said in a stage's last batch.</summary>
    public string BatchLog(string name) => Path.Combine(Batches, name + ".log");

    public string Endpoints { get; }

    public string Endpoint(string name) => Path.Combine(Endpoints, name);

    private string Sources { get; }

    private string Provenances { get; }

    private string LastRuns { get; }

    private string Queues { get; }

    private string Streams { get; }

    private string Batches { get; }

    /// <summary>Deletes what is kept here: what somebody else put beside it, and who did what, stays.</summary>
    public void Erase()
    {
        areas.ForEach(Files.Delete);
        foreach (var file in new[] { Notifications, ServerLog, Notifications + ".1", ServerLog + ".1" }.Concat(Directory.EnumerateFiles(Folder, Path.GetFileName(Registry) + "*")))
            File.Delete(file);
    }

    /// <summary>A folder that goes when everything is erased.</summary>
    private string Area(string name)
    {
        areas.Add(Path.Combine(Folder, name));
        return areas[^1];
    }
}
