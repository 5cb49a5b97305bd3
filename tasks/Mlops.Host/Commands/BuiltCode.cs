using Mlops.Compilation;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Whether the scripts are those that were built. A build engine's verbs build first; by hand, nobody does.</summary>
internal static class BuiltCode
{
    private const string UsualConfig = "config.yaml";

    /// <summary>Begins to make the bundles that the scripts would be now, of the configuration that has the usual name.</summary>
    public static BegunBundles Begin(string project)
    {
        var config = Path.GetFullPath(Path.Combine(project, UsualConfig));
        return new BegunBundles(config, Task.Run(() => BundlesOf(config)));
    }

    /// <summary>Refuses to work with what a build made of other scripts.</summary>
    public static async Task CheckFreshAsync(Workspace workspace, BegunBundles begun)
    {
        var now = begun.Config == workspace.ConfigFile ? await begun.Bundles : BundlesOf(workspace.ConfigFile);
        if (Stale(workspace, now) is { } stale)
            throw PlatformErrors.StaleCode(stale).ToException();
    }

    /// <summary>Whether a folder's artifacts were made of the configuration and the scripts that are there.</summary>
    public static bool IsFresh(string repository, string artifacts)
    {
        try
        {
            var workspace = Workspace.Load(repository, artifacts).Fresh();
            return Stale(workspace, BundlesOf(workspace.ConfigFile)) is null;
        }
        catch (PlatformException)
        {
            return false;
        }
    }

    /// <summary>The step whose code is another than the one that was built; null: there is none. A C# program's sources are not seen here.</summary>
    private static string? Stale(Workspace workspace, IReadOnlyDictionary<string, string> now) =>
        workspace.Deployment.Sources.FirstOrDefault(s => now.TryGetValue(s.File, out var sha256) && sha256 != s.Sha256) is { } stale ? Path.GetFileNameWithoutExtension(stale.File) : null;

    /// <summary>The hash of each bundle by its file; none where there is no configuration.</summary>
    private static Dictionary<string, string> BundlesOf(string config) =>
        File.Exists(config) ? ModelCompiler.Bundles(new CompileRequest(config)).ToDictionary(a => a.Name, a => a.Sha256, StringComparer.Ordinal) : [];

    /// <param name="Config">The file that they are made of, absolute.</param>
    public sealed record BegunBundles(string Config, Task<Dictionary<string, string>> Bundles);
}
