using Microsoft.Build.Framework;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Tasks;

/// <summary>What the tasks share: a user's mistake is a coded error at its place, a defect of ours a coded error with details in a detailed log; never a stack trace.</summary>
public abstract class MlopsTask : Microsoft.Build.Utilities.Task
{
    protected const string DefectCode = "MLOPS9000";
    protected const string DiskCode = "MLOPS9001";

    /// <summary>The project: where an error is shown that has no place in config.yaml.</summary>
    [Required]
    public ITaskItem ProjectFile { get; set; } = null!;

    public sealed override bool Execute()
    {
        try
        {
            Run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogError(DiskCode, $"A file cannot be read or written: {e.Message} Nothing was half-written; free space or rights and build again.");
        }
#pragma warning disable CA1031 // The last line of defence: MSB4018 with a stack trace is no message for a user.
        catch (Exception e)
        {
            LogError(DefectCode, $"An unexpected error, which is a defect of Mlops.Sdk: {e.GetType().Name}: {e.Message} Please report it; a detailed log ('-v:detailed') shows where it happened.");
            Log.LogMessage(MessageImportance.Low, e.ToString());
        }
#pragma warning restore CA1031
        return !Log.HasLoggedErrors;
    }

    protected abstract void Run();

    /// <summary>Values that are given in place of the file's. What is wrong with one is logged; then null comes back.</summary>
    protected Overrides? ReadOverrides(string[]? texts)
    {
        var problems = new List<Diagnostic>();
        var overrides = Overrides.Parse(texts ?? [], problems);
        foreach (var problem in problems)
            LogError(problem.Code, problem.Message);
        return problems.Count == 0 ? overrides : null;
    }

    protected void LogError(string code, string message) => Log.LogError(null, code, null, Link(code), ProjectFile.GetMetadata("FullPath"), 0, 0, 0, 0, "{0}", message);

    protected void LogDiagnostics(string file, IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var d in diagnostics)
        {
            // Without an end: with one MSBuild writes (1,2,3,4), and fewer tools read that than (1,2).
            var s = d.Span;
            if (d.Severity == Severity.Error)
                Log.LogError(null, d.Code, null, d.HelpLink, file, s.Line, s.Column, 0, 0, "{0}", d.FullMessage);
            else
                Log.LogWarning(null, d.Code, null, d.HelpLink, file, s.Line, s.Column, 0, 0, "{0}", d.FullMessage);
        }
    }

    protected static string Link(string code) => new Diagnostic(code, Severity.Error, default, "").HelpLink;
}
