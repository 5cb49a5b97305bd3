using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;

namespace Mlops.Configuration.Checks;

/// <summary>Checks 'local'.</summary>
internal static class LocalChecks
{
    /// <summary>What the platform writes into a folder that it made: nothing of it belongs into the repository.</summary>
    private const string Mark = "*";

    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (config.Local?.Root is { } root && files.StaysInside(root.Value) && IsOfAnother(files.FullPath(root.Value)))
            diagnostics.Add(Errors.RootOfAnother(root.Span, root.Value.Text));
    }

    /// <summary>Whether a folder holds files that somebody else put there: 'destroy --data' takes all of it away.</summary>
    private static bool IsOfAnother(string folder)
    {
        try
        {
            if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
                return false;
            var ignore = Path.Combine(folder, ".gitignore");
            return !File.Exists(ignore) || File.ReadAllText(ignore).Trim() != Mark;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
