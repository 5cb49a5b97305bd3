using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Mlops.Compilation;
using Mlops.Configuration.Diagnostics;

namespace Mlops.Tasks;

/// <summary>Makes config.yaml into artifacts, and notes which files it read and wrote: inputs that only config.yaml names are unknown at evaluation.</summary>
[MSBuildMultiThreadableTask]
public sealed class MlopsCompile : ConfigTask
{
    /// <summary>Where the artifacts go.</summary>
    [Required]
    public ITaskItem OutputFolder { get; set; } = null!;

    /// <summary>The folder with the project's built program; left out where it builds none.</summary>
    public ITaskItem? Program { get; set; }

    /// <summary>The program's file name.</summary>
    public string? ProgramAssembly { get; set; }

    /// <summary>How the program was built.</summary>
    public string? Configuration { get; set; }

    public string? TargetFramework { get; set; }

    /// <summary>Properties of its container, NAME=VALUE.</summary>
    public string[]? ContainerProperties { get; set; }

    /// <summary>What the project's items say of its container, as one text: another one makes another image.</summary>
    public string? ContainerItems { get; set; }

    /// <summary>A file that takes the list of what was read.</summary>
    [Required]
    public ITaskItem InputList { get; set; } = null!;

    /// <summary>A file that takes the list of what was written.</summary>
    [Required]
    public ITaskItem OutputList { get; set; } = null!;

    /// <summary>An input was written while this ran.</summary>
    [Output]
    public bool ChangedMeanwhile { get; private set; }

    /// <summary>What was read, absolute; a folder ends with '/'.</summary>
    [Output]
    public ITaskItem[] Inputs { get; private set; } = [];

    /// <summary>What was written, absolute.</summary>
    [Output]
    public ITaskItem[] Outputs { get; private set; } = [];

    protected override void Run()
    {
        if (ReadOverrides(Set) is not { } overrides)
            return;
        var config = ConfigPath;
        var started = DateTime.UtcNow;
        var properties = (ContainerProperties ?? []).Select(p => p.Split('=', 2)).Where(p => p is [_, { Length: > 0 }]).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        var project = Program is null ? null : new ProgramProject(ProjectFile.GetMetadata("FullPath"), Configuration ?? "", TargetFramework ?? "", properties, ContainerItems ?? "");
        var result = ModelCompiler.Compile(new CompileRequest(config, Program?.GetMetadata("FullPath"), ProgramAssembly, overrides, project));
        // The check of the same build has shown what reading finds; what only compiling finds is new.
        LogDiagnostics(config, result.Diagnostics.Except(result.Configuration.Diagnostics.Where(d => d.Severity != Severity.Error)));
        if (result.HasErrors)
            return;
        var folder = OutputFolder.GetMetadata("FullPath");
        ArtifactWriter.Write(folder, result.Artifacts);
        var outputs = result.Artifacts.Select(a => Path.Combine(folder, a.Name.Replace('/', Path.DirectorySeparatorChar))).ToList();
        var inputs = result.Inputs.Select(i => Path.Combine(Path.GetDirectoryName(config)!, i)).ToList();
        ChangedMeanwhile = inputs.Append(config).Any(i => File.Exists(i) && File.GetLastWriteTimeUtc(i) >= started);
        File.WriteAllLines(InputList.GetMetadata("FullPath"), inputs);
        File.WriteAllLines(OutputList.GetMetadata("FullPath"), outputs);
        Inputs = [.. inputs.Select(Item)];
        Outputs = [.. outputs.Select(Item)];
    }

    /// <summary>An item's text is taken for escaped: of its special characters '%' alone stands in the way of file names.</summary>
    private static ITaskItem Item(string path) => new TaskItem(path.Replace("%", "%25", StringComparison.Ordinal));
}
