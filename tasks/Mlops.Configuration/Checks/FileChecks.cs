using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Files that the configuration names.</summary>
internal static class FileChecks
{
    /// <summary>Reports a file that is missing or lies outside; true where it is there.</summary>
    public static bool FileExists(Located<RepositoryPath> path, string purpose, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (!files.StaysInside(path.Value))
            diagnostics.Add(Errors.PathLeavesRepository(path.Span, path.Value.Text));
        else if (files.IsFile(path.Value))
            return true;
        else
            diagnostics.Add(files.IsThere(path.Value) ? Errors.NotAFile(path.Span, path.Value.Text, purpose) : Errors.FileMissing(path.Span, path.Value.Text, purpose, files.Near(path.Value)));
        return false;
    }
}
