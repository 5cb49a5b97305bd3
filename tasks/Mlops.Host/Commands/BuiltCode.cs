using Mlops.Compilation;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Whether the scripts are those that were built. A build engine's verbs build first; by hand, nobody does.</summary>
internal static class BuiltCode
{
    /// <summary>Refuses to work with what a build made of other scripts. A C# program's sources are not seen here.</summary>
    public static void CheckFresh(Workspace workspace)
    {
        var config = Path.Combine(workspace.Repository, workspace.Deployment.ConfigFile);
        if (!File.Exists(config))
            return;
        var now = ModelCompiler.Bundles(new CompileRequest(config)).ToDictionary(a => a.Name, a => a.Sha256, StringComparer.Ordinal);
        if (workspace.Deployment.Sources.FirstOrDefault(s => now.TryGetValue(s.File, out var sha256) && sha256 != s.Sha256) is { } stale)
            throw PlatformErrors.StaleCode(Path.GetFileNameWithoutExtension(stale.File)).ToException();
    }
}
