using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Governance;

/// <summary>
/// The file data.lock beside config.yaml: which content each data set had when it was published last. Made to be committed: a version of the data then belongs to
/// a version of the code. Publishing writes it, and a build never does.
/// </summary>
public static class DataLock
{
    public const string FileName = "data.lock";

    /// <param name="hashes">SHA-256 by data set; those that lie in S3 have none.</param>
    public static void Write(Workspace workspace, IReadOnlyDictionary<string, string> hashes, IEventSink events)
    {
        var sources = workspace.Deployment.Data.Where(d => hashes.ContainsKey(d.Name)).OrderBy(d => d.Name, StringComparer.Ordinal).ToList();
        var file = Path.Combine(workspace.Repository, FileName);
        if (sources.Count == 0)
            return;
        var content = Json.Write(new JsonObject
        {
            ["FormatVersion"] = "1.0",
            ["Data"] = new JsonObject(sources.Select(d => KeyValuePair.Create(d.Name, (JsonNode?)new JsonObject { ["Source"] = d.Source, ["Sha256"] = hashes[d.Name] }))),
        });
        try
        {
            if (File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(content))
                return;
            AtomicFile.Write(file, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            events.Add(PlatformErrors.DataLockNotWritten(e.Message));
        }
    }
}
