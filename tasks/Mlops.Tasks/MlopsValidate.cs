using System.Text;
using Microsoft.Build.Framework;
using Mlops.Compilation;
using Mlops.Configuration;
using Mlops.Configuration.Documentation;

namespace Mlops.Tasks;

/// <summary>Checks config.yaml: before C# compiles, so that its mistakes are seen first and at once.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsValidate : ConfigTask
{
    /// <summary>A file that takes the JSON Schema of config.yaml, for editors.</summary>
    [Required]
    public ITaskItem SchemaFile { get; set; } = null!;

    /// <summary>A file that takes the diagnostics as SARIF; left out where nobody asks for it.</summary>
    public ITaskItem? Sarif { get; set; }

    public string? SdkVersion { get; set; }

    protected override void Run()
    {
        // Also where config.yaml is wrong: then an editor's help is needed most.
        ArtifactWriter.Write(SchemaFile.GetMetadata("FullPath"), Encoding.UTF8.GetBytes(ConfigSchema.Write()));
        if (ReadOverrides(Set) is not { } overrides)
            return;
        var path = ConfigPath;
        var diagnostics = ConfigurationReader.Read(path, overrides).Diagnostics;
        LogDiagnostics(path, diagnostics);
        if (Sarif is not { } sarif)
            return;
        // Relative to the project, as code hosts want it, and the same on every machine.
        var shown = Path.GetRelativePath(Path.GetDirectoryName(ProjectFile.GetMetadata("FullPath"))!, path);
        var target = sarif.GetMetadata("FullPath");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        ArtifactWriter.Write(target, Encoding.UTF8.GetBytes(Configuration.Reports.Sarif.Write([(shown, diagnostics)], SdkVersion ?? "")));
    }
}
