using Microsoft.Build.Framework;
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
        WriteSchema(SchemaFile.GetMetadata("FullPath"));
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
        File.WriteAllText(target, Configuration.Reports.Sarif.Write([(shown, diagnostics)], SdkVersion ?? ""));
    }

    /// <summary>Also where config.yaml is wrong: then an editor's help is needed most.</summary>
    private static void WriteSchema(string path)
    {
        var schema = ConfigSchema.Write();
        if (!File.Exists(path) || File.ReadAllText(path) != schema)
            File.WriteAllText(path, schema);
    }
}
