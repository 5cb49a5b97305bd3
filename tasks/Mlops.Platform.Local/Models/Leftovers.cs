using System.Text;
using Mlops.Platform.Local.Containers;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Models;

/// <summary>What a program that was killed left running: models, each named by a file in its folder.</summary>
internal static class Leftovers
{
    private const string ProcessFile = "process";

    /// <summary>Keeps whose folder it is.</summary>
    public static void Mark(string folder, ProcessIdentity process) => AtomicFile.Write(Path.Combine(folder, ProcessFile), Encoding.UTF8.GetBytes(process.ToString()));

    /// <summary>The process of a folder; null: none was started yet.</summary>
    public static string? MarkOf(string folder) => File.Exists(Path.Combine(folder, ProcessFile)) ? File.ReadAllText(Path.Combine(folder, ProcessFile)) : null;

    /// <param name="endpoint">Null: of all endpoints.</param>
    public static void End(LocalRoot root, string? endpoint) => EndIn(endpoint is null ? root.Endpoints : root.Endpoint(endpoint));

    /// <summary>Ends the processes of a folder and those below it, and takes the folder away.</summary>
    public static void EndIn(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.EnumerateFiles(folder, ProcessFile, SearchOption.AllDirectories))
        {
            if (ProcessIdentity.Parse(File.ReadAllText(file)) is { } process)
                ProcessGroup.KillLeftover(process);
        }

        ContainerRuntime.EndBelow(folder);
        Files.Delete(folder);
    }
}
