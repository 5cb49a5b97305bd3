using Mlops.Compilation;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Whether the scripts are those that were built. A build engine's verbs build first; by hand, nobody does.</summary>
internal static class BuiltCode
{
    /// <summary>Refuses to work with what a build made of other scripts.</summary>
    public static void CheckFresh(Workspace workspace)
    {
        if (Stale(workspace) is { } stale)
            throw PlatformErrors.StaleCode(stale).ToException();
    }

    /// <summary>Whether a folder's artifacts were made of the configuration and the scripts that are there.</summary>
    public static bool IsFresh(string repository, string artifacts)
    {
        try
        {
            return Stale(Workspace.Load(repository, artifacts).Fresh()) is null;
        }
        catch (PlatformException)
        {
            return false;
        }
    }

    /// <summary>The step whose code is another than the one that was built; null: there is none. A C# program's sources are not seen here.</summary>
    private static string? Stale(Workspace workspace)
    {
        var config = Path.Combine(workspace.Repository, workspace.Deployment.ConfigFile);
        if (!File.Exists(config))
            return null;
        var now = ModelCompiler.Bundles(new CompileRequest(config)).ToDictionary(a => a.Name, a => a.Sha256, StringComparer.Ordinal);
        return workspace.Deployment.Sources.FirstOrDefault(s => now.TryGetValue(s.File, out var sha256) && sha256 != s.Sha256) is { } stale ? Path.GetFileNameWithoutExtension(stale.File) : null;
    }
}
