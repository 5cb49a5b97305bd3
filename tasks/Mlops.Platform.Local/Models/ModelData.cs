using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Models;

/// <summary>A container's model: an archive (ModelDataUrl), or objects that are one or are taken as they are (ModelDataSource, "S3ModelDataSource" of the API).</summary>
internal static class ModelData
{
    /// <summary>Where it lies; null: the container brings none.</summary>
    public static string? UrlOf(JsonNode? container) => Json.Text(Place(container)) is { Length: > 0 } url ? url : null;

    /// <summary>The value that says so, which may be an expression.</summary>
    public static JsonNode? Place(JsonNode? container) => container?["ModelDataUrl"] ?? container?["ModelDataSource"]?["S3DataSource"]?["S3Uri"];

    /// <summary>Puts it into the folder that stands for /opt/ml/model.</summary>
    public static void Unpack(JsonObject container, LocalObjectStore objects, string folder)
    {
        if (UrlOf(container) is not { } url)
            return;
        var path = objects.ExistingPathOf(url);
        if (Directory.Exists(path))
            Files.Copy(path, folder);
        else if (container["ModelDataSource"] is { } source && Json.Text(source["S3DataSource"]?["CompressionType"]) == "None")
            Files.Copy(path, Path.Combine(folder, Path.GetFileName(path)));
        else
            Archives.Unpack(path, folder);
    }
}
