using Microsoft.Build.Framework;
using Mlops.Configuration;

namespace Mlops.Tasks;

/// <summary>Checks config.yaml: before C# compiles, so that its mistakes are seen first and at once.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsValidate : MlopsTask
{
    /// <summary>The config.yaml; its folder is the repository.</summary>
    [Required]
    public ITaskItem Config { get; set; } = null!;

    protected override void Run()
    {
        var path = Config.GetMetadata("FullPath");
        LogDiagnostics(path, ConfigurationReader.Read(path).Diagnostics);
    }
}
