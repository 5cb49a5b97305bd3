using Microsoft.Build.Framework;
using Mlops.Configuration;
using Mlops.Configuration.Documentation;

namespace Mlops.Tasks;

/// <summary>Checks config.yaml: before C# compiles, so that its mistakes are seen first and at once.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsValidate : MlopsTask
{
    /// <summary>The config.yaml; its folder is the repository.</summary>
    [Required]
    public ITaskItem Config { get; set; } = null!;

    /// <summary>A file that takes the JSON Schema of config.yaml, for editors.</summary>
    [Required]
    public ITaskItem SchemaFile { get; set; } = null!;

    protected override void Run()
    {
        WriteSchema(SchemaFile.GetMetadata("FullPath"));
        var path = Config.GetMetadata("FullPath");
        LogDiagnostics(path, ConfigurationReader.Read(path).Diagnostics);
    }

    /// <summary>Also where config.yaml is wrong: then an editor's help is needed most.</summary>
    private static void WriteSchema(string path)
    {
        var schema = ConfigSchema.Write();
        if (!File.Exists(path) || File.ReadAllText(path) != schema)
            File.WriteAllText(path, schema);
    }
}
