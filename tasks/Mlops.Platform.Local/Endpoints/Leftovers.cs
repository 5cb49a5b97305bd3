using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Endpoints;

/// <summary>What a server that was killed left running: its models, which the files in their folders name.</summary>
internal static class Leftovers
{
    /// <param name="endpoint">Null: of all endpoints.</param>
    public static void End(LocalRoot root, string? endpoint)
    {
        var folder = endpoint is null ? Path.Combine(root.Folder, "endpoints") : root.Endpoint(endpoint);
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.EnumerateFiles(folder, "process", SearchOption.AllDirectories))
        {
            if (ProcessIdentity.Parse(File.ReadAllText(file)) is { } process)
                ProcessGroup.KillLeftover(process);
        }

        Files.Delete(folder);
    }
}
