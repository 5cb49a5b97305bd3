using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>Whether the R of this machine has what the programs attach: a run of an hour must not end in its last step for want of a package.</summary>
internal static class RPackages
{
    private const string Interpreter = "Rscript";

    /// <summary>Prints those of its arguments that are not installed, one a line. It loads none of them.</summary>
    private const string Ask = "writeLines(Filter(function(p) !nzchar(system.file(package = p)), commandArgs(TRUE)))";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What programs would fail of at a library(); null: nothing, or R cannot be asked: a step that needs it will say why.</summary>
    /// <param name="interpreters">What the programs start with.</param>
    public static Problem? Missing(Workspace workspace, IReadOnlyDictionary<string, string> interpreters)
    {
        var programs = workspace.Deployment.Sources.Where(s => s.RLibraries is not null).DistinctBy(s => s.File).ToList();
        var interpreter = interpreters.GetValueOrDefault(Interpreter, Interpreter);
        if (programs.Count == 0 || Programs.Find(interpreter) is not { } program)
            return null;
        var asked = programs.SelectMany(p => p.RLibraries!).Distinct().Order(StringComparer.Ordinal).ToList();
        if (ShortProgram.Run(program, ["-e", Ask, .. asked], Patience) is not (0, var output, _))
            return null;
        // A user's profile may print lines of its own.
        var missing = asked.Intersect(output.Split('\n', StringSplitOptions.TrimEntries), StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
            return null;
        var step = Path.GetFileNameWithoutExtension(programs.First(p => p.RLibraries!.Any(missing.Contains)).File);
        return workspace.At(LocalErrors.RPackagesMissing(step, interpreter, missing), step);
    }
}
