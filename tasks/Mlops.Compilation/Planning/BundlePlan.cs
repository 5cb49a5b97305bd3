using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Planning;

/// <summary>The code that travels to a step, and what starts it there.</summary>
/// <param name="Name">Of the tar file: the step's name, or 'program' for the one program of all C# steps.</param>
public abstract record BundlePlan(string Name)
{
    /// <summary>Where config.yaml names it.</summary>
    public Span Place { get; init; } = Span.Start;

    /// <summary>What starts the entry point in a container, given the folder where the bundle lies.</summary>
    public abstract IReadOnlyList<string> Command(string codeFolder);

    /// <summary>The name of the input that brings it to a processing job.</summary>
    public virtual string Input => "code";

    /// <summary>The file that a toolkit's SAGEMAKER_PROGRAM names, relative to the bundle.</summary>
    public abstract string Program { get; }
}

/// <summary>A script with the requirements.txt beside it, or a whole folder.</summary>
/// <param name="SourceDir">Null: the entry point travels alone.</param>
public sealed record ScriptBundle(string Name, RepositoryPath EntryPoint, RepositoryPath? SourceDir) : BundlePlan(Name)
{
    public override string Program => SourceDir is { } folder
        ? EntryPoint.Text[(folder.Text.TrimEnd('/').Length + 1)..]
        : EntryPoint.FileName;

    public override IReadOnlyList<string> Command(string codeFolder) => [.. Interpreter(EntryPoint.Extension), $"{codeFolder}/{Program}"];

    private static string[] Interpreter(string extension) => extension switch
    {
        ".py" => ["python3"],
        ".ipynb" => ["python3", "-m", "papermill"],
        ".r" => ["Rscript"],
        ".sh" => ["/bin/sh"],
        ".dll" => ["dotnet"],
        _ => [],
    };
}

/// <summary>A single file, as it is.</summary>
public sealed record FileBundle(string Name, RepositoryPath File) : BundlePlan(Name)
{
    public override string Program => File.FileName;

    public override IReadOnlyList<string> Command(string codeFolder) => [];
}

/// <summary>A program of the compiler's own, in the standard library of Python.</summary>
/// <param name="Resource">Its file in this assembly.</param>
public sealed record ToolBundle(string Name, string Resource) : BundlePlan(Name)
{
    public override string Program => Resource;

    public override IReadOnlyList<string> Command(string codeFolder) => ["python3", $"{codeFolder}/{Program}"];

    public Stream Open() => typeof(ToolBundle).Assembly.GetManifestResourceStream($"Mlops.Compilation.Pipeline.{Resource}")!;
}

/// <summary>Settings of the analyzer, which its container starts with.</summary>
/// <param name="File">A file of the repository that the settings name; null: none.</param>
public sealed record SettingsBundle(string Name, byte[] Settings, RepositoryPath? File) : BundlePlan(Name)
{
    public const string FileName = "analysis_config.json";

    public override string Input => "config";

    public override string Program => FileName;

    public override IReadOnlyList<string> Command(string codeFolder) => [];
}

/// <summary>The built output of the model project: one program, one command a step.</summary>
/// <param name="Assembly">Null where the project builds no program, which is an error of its own.</param>
/// <param name="Verb">The entry point's name: Preprocess.cs is 'preprocess'.</param>
public sealed record ProgramBundle(string? Assembly, string Verb) : BundlePlan(BundleName)
{
    public const string BundleName = ArtifactFiles.ProgramBundleName;

    public override string Program => Assembly ?? "";

    public override IReadOnlyList<string> Command(string codeFolder) => ["dotnet", $"{codeFolder}/{Program}", Verb];

    /// <summary>RefreshFeatures.cs is started as 'refresh-features'.</summary>
    public static string VerbOf(RepositoryPath entryPoint)
    {
        var stem = Path.GetFileNameWithoutExtension(entryPoint.FileName);
        return string.Concat(stem.Select((c, i) => char.IsUpper(c) && i > 0 && char.IsLower(stem[i - 1]) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
    }
}
