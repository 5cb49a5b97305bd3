using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>
/// Checkpoints of a training whose run was killed. SageMaker copies them to S3 while the job runs; here a record in the step's folder says
/// where they belong, and the next run takes them there before it goes on from them.
/// </summary>
internal static class LeftCheckpoints
{
    public static string RecordOf(string stepFolder) => Path.Combine(stepFolder, "checkpoints.json");

    /// <param name="folder">As the program knows it.</param>
    /// <param name="isMounted">Of <see cref="ContainerFolder"/>.</param>
    public static void Record(string stepFolder, string folder, string s3Uri, bool isMounted) =>
        AtomicFile.Write(RecordOf(stepFolder), Json.Write(new JsonObject { ["Folder"] = folder, ["S3Uri"] = s3Uri, ["IsMounted"] = isMounted }));

    public static void Keep(string stepFolder, LocalObjectStore objects)
    {
        if (!File.Exists(RecordOf(stepFolder)) || JsonNode.Parse(File.ReadAllBytes(RecordOf(stepFolder))) is not JsonObject record)
            return;
        var container = new ContainerFolder(stepFolder, record["IsMounted"]?.GetValue<bool>() == true);
        var folder = container.Left(Json.Text(record["Folder"]));
        if (Directory.Exists(folder))
            Files.Merge(folder, objects.PathOf(Json.Text(record["S3Uri"])), container.Links);
    }
}
