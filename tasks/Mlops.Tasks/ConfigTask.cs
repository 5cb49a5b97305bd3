using Microsoft.Build.Framework;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;

namespace Mlops.Tasks;

/// <summary>A task about a config.yaml.</summary>
public abstract class ConfigTask : MlopsTask
{
    /// <summary>The config.yaml; its folder is the repository.</summary>
    [Required]
    public ITaskItem Config { get; set; } = null!;

    /// <summary>Values that are given in place of the file's, KEY=VALUE.</summary>
    public string[]? Set { get; set; }

    protected string ConfigPath => Config.GetMetadata("FullPath");

    /// <summary>The configuration where it has no error. Its errors are logged, and its warnings are not: the build shows them.</summary>
    protected ModelConfig? ReadConfig(Overrides overrides)
    {
        var result = ConfigurationReader.Read(ConfigPath, overrides);
        LogDiagnostics(ConfigPath, result.Diagnostics.Where(d => d.Severity == Severity.Error));
        return result.HasErrors ? null : result.Config;
    }
}
