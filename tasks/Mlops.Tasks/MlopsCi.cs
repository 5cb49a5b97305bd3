using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mlops.Compilation.Ci;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Tasks;

/// <summary>Writes the files by which a host of repositories builds, tests and deploys the model.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsCi : ConfigTask
{
    /// <summary>The files that are up to date now.</summary>
    [Output]
    public ITaskItem[] Files { get; private set; } = [];

    protected override void Run()
    {
        if (ReadOverrides(Set) is not { } overrides || ReadConfig(overrides) is not { } config)
            return;
        var diagnostics = new DiagnosticBag();
        var folder = Path.GetDirectoryName(ConfigPath)!;
        var written = CiFiles.Make(config, diagnostics) is { } files ? CiFileWriter.Write(folder, files, diagnostics) : [];
        LogDiagnostics(ConfigPath, diagnostics.InOrder());
        foreach (var file in written)
            Log.LogMessage(MessageImportance.High, "{0} is up to date.", file);
        Files = [.. written.Select(f => new TaskItem(Path.Combine(folder, f)))];
    }
}
