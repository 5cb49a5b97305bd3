using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mlops.Compilation.Ci;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Tasks;

/// <summary>Writes the files by which a host of repositories builds, tests and deploys the model.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsCi : MlopsTask
{
    /// <summary>The config.yaml; its folder is the repository.</summary>
    [Required]
    public ITaskItem Config { get; set; } = null!;

    /// <summary>Values that are given in place of the file's, KEY=VALUE.</summary>
    public string[]? Set { get; set; }

    /// <summary>The files that are up to date now.</summary>
    [Output]
    public ITaskItem[] Files { get; private set; } = [];

    protected override void Run()
    {
        if (ReadOverrides(Set) is not { } overrides)
            return;
        var path = Config.GetMetadata("FullPath");
        var result = ConfigurationReader.Read(path, overrides);
        LogDiagnostics(path, result.Diagnostics.Where(d => d.Severity == Severity.Error));
        if (result.Config is null || result.HasErrors)
            return;
        var diagnostics = new DiagnosticBag();
        var folder = Path.GetDirectoryName(path)!;
        var written = CiFiles.Make(result.Config, diagnostics) is { } files ? CiFileWriter.Write(folder, files, diagnostics) : [];
        LogDiagnostics(path, diagnostics.InOrder());
        foreach (var file in written)
            Log.LogMessage(MessageImportance.High, "{0} is up to date.", file);
        Files = [.. written.Select(f => new TaskItem(Path.Combine(folder, f)))];
    }
}
