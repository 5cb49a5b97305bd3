using System.Formats.Tar;
using Mlops.Compilation.Planning;
using Mlops.Configuration.Checks;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Text;
using Mlops.Configuration.Values;
using Mlops.Definitions;

namespace Mlops.Compilation.Bundles;

/// <param name="Imports">Of the program that it holds.</param>
/// <param name="Installs">It holds the launcher that installs its requirements.txt, and what runs a notebook.</param>
/// <param name="HasRequirements">It holds a requirements.txt, which is then installed.</param>
public sealed record WrittenBundle(Artifact Artifact, PythonImports Imports, bool Installs, bool HasRequirements)
{
    /// <summary>The packages that its R program attaches in any case.</summary>
    public IReadOnlyList<string> RLibraries { get; init; } = [];
}

/// <summary>
/// Makes a step's code into a tar: Ustar (Pax headers carry the process id), names in ordinal order, no clock, no owner,
/// one mode. So equal sources are equal bytes, on any machine.
/// </summary>
public static class BundleWriter
{
    /// <summary>Of one bundle; a step's code, not its data.</summary>
    public const long MostBytes = 1L << 30;

    /// <summary>What desktops leave in the folders that are looked at.</summary>
    private static readonly string[] IgnoredFiles = [".DS_Store", "Thumbs.db", "desktop.ini"];

    /// <summary>What no text is.</summary>
    private static readonly string[] Compiled = [".dll", ".exe", ".pdb", ".so", ".dylib"];

    private static readonly string[] IgnoredFolders = ["__pycache__", ".git", ".ipynb_checkpoints", ".venv", "node_modules"];

    /// <summary>Writes the bundle, or reports why it cannot be.</summary>
    /// <param name="isProcessing">It runs in a processing container, which installs nothing by itself.</param>
    /// <param name="program">The folder with the built C# program, for a <see cref="ProgramBundle"/>.</param>
    public static WrittenBundle? Write(BundlePlan bundle, bool isProcessing, RepositoryFiles repository, string? program, DiagnosticBag diagnostics, ICollection<string> inputs)
    {
        var files = bundle switch
        {
            ScriptBundle { SourceDir: { } folder } => FolderFiles(repository, folder.Text.TrimEnd('/'), bundle.Place, diagnostics, inputs),
            ScriptBundle script => ScriptFiles(script, repository),
            FileBundle single => [(single.Program, repository.FullPath(single.File))],
            SettingsBundle { File: { } named } => [(named.FileName, repository.FullPath(named))],
            SettingsBundle or ToolBundle => [],
            ProgramBundle p => ProgramFiles(program!, p, repository, diagnostics),
            _ => throw new ArgumentOutOfRangeException(nameof(bundle)),
        };
        if (bundle is ScriptBundle { SourceDir: { } whole })
        {
            inputs.Add(whole.Text.TrimEnd('/') + '/');
        }
        else if (bundle is ScriptBundle or FileBundle or SettingsBundle)
        {
            foreach (var (_, path) in files)
                inputs.Add(Path.GetRelativePath(repository.Root, path).Replace('\\', '/'));
        }

        var size = files.Sum(f => new FileInfo(f.Path).Length);
        if (size > MostBytes)
        {
            diagnostics.Add(CompileErrors.BundleTooLarge(bundle.Place, bundle.Name, size));
            return null;
        }

        if (bundle is ScriptBundle { Program: var entry } && files.All(f => f.Name != entry))
        {
            diagnostics.Add(CompileErrors.EntryPointExcluded(bundle.Place, entry));
            return null;
        }

        RefuseSecrets(files, bundle.Place, repository, diagnostics);
        var hasRequirements = files.Any(f => f.Name == "requirements.txt");
        var installs = isProcessing && bundle is ScriptBundle code && (code.EntryPoint.Extension == ".ipynb" || (code.EntryPoint.Extension == ".py" && hasRequirements));
        var name = ArtifactFiles.Bundle(bundle.Name);
        byte[] content;
        try
        {
            content = Tar([.. files.Select(f => (f.Name, new Func<Stream>(() => File.OpenRead(f.Path)))), .. Made(bundle), .. installs ? [Launcher] : Array.Empty<(string, Func<Stream>)>()]);
        }
        catch (ArgumentException)
        {
            diagnostics.Add(CompileErrors.BundleNameTooLong(bundle.Place, files.MaxBy(f => f.Name.Length).Name));
            return null;
        }

        return new WrittenBundle(new Artifact(name, content), bundle is ScriptBundle ? PythonImports.Of(files, bundle.Program) : PythonImports.None, installs, hasRequirements) { RLibraries = bundle is ScriptBundle ? Bundles.RLibraries.Of(files, bundle.Program) : [] };
    }

    /// <summary>Code is sent to a bucket that many may read: a credential in it is refused before it leaves the machine.</summary>
    private static void RefuseSecrets(IEnumerable<(string Name, string Path)> files, Span place, RepositoryFiles repository, DiagnosticBag diagnostics)
    {
        foreach (var (_, path) in files.Where(f => !Compiled.Contains(Path.GetExtension(f.Name), StringComparer.OrdinalIgnoreCase) && new FileInfo(f.Path).Length <= Limits.Bytes))
        {
            foreach (var (line, kind, masked) in SecretChecks.InSource(path))
                diagnostics.Add(CompileErrors.SecretInSource(place, Path.GetRelativePath(repository.Root, path).Replace('\\', '/'), line, kind, masked));
        }
    }

    private static (string Name, Func<Stream> Open) Launcher =>
        (StepLauncher.FileName, () => typeof(BundleWriter).Assembly.GetManifestResourceStream($"Mlops.Compilation.Pipeline.{StepLauncher.FileName}")!);

    /// <summary>Files of a bundle that no file of the repository is.</summary>
    private static IEnumerable<(string Name, Func<Stream> Open)> Made(BundlePlan bundle) =>
        bundle switch
        {
            SettingsBundle settings => [(SettingsBundle.FileName, () => new MemoryStream(settings.Settings))],
            ToolBundle tool => [(tool.Program, tool.Open)],
            _ => [],
        };

    private static byte[] Tar(IEnumerable<(string Name, Func<Stream> Open)> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, open) in files.OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                using var content = open();
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = content,
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    // One for all: whether a file may be executed is not the same on every system, and some are.
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                });
            }
        }

        return stream.ToArray();
    }

    private static List<(string Name, string Path)> ScriptFiles(ScriptBundle script, RepositoryFiles repository)
    {
        var entry = repository.FullPath(script.EntryPoint);
        var files = new List<(string, string)> { (script.Program, entry) };
        var folder = Path.GetDirectoryName(script.EntryPoint.Text)!.Replace('\\', '/');
        var requirements = new RepositoryPath(folder.Length == 0 ? "requirements.txt" : $"{folder}/requirements.txt");
        // Asked for, there or not: a requirements.txt that comes later makes another bundle.
        if (repository.IsFile(requirements))
            files.Add(("requirements.txt", repository.FullPath(requirements)));
        return files;
    }

    private static List<(string Name, string Path)> FolderFiles(RepositoryFiles repository, string shown, Span place, DiagnosticBag diagnostics, ICollection<string> inputs)
    {
        var files = new List<(string, string)>();
        var ignored = new IgnoreRules(repository.Root);
        var root = repository.FullPath(new RepositoryPath(shown));
        Visit(root);
        foreach (var file in ignored.Used)
            inputs.Add(file);
        return files;

        void Visit(string folder)
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                var name = Path.GetRelativePath(root, entry.FullName).Replace('\\', '/');
                if (ignored.Excludes($"{shown}/{name}", entry is DirectoryInfo))
                    continue;
                if (entry.LinkTarget is not null)
                    diagnostics.Add(CompileErrors.LinkInBundle(place, $"{shown}/{name}"));
                else if (entry is DirectoryInfo && !IgnoredFolders.Contains(entry.Name))
                    Visit(entry.FullName);
                else if (entry is FileInfo && !RegularFile.IsOne(entry.FullName))
                    diagnostics.Add(CompileErrors.NotAFileInBundle(place, $"{shown}/{name}"));
                else if (entry is FileInfo && !entry.Name.EndsWith(".pyc", StringComparison.Ordinal) && !IgnoredFiles.Contains(entry.Name))
                    files.Add((name, entry.FullName));
            }
        }
    }

    /// <summary>The portable part of a build's output: the executable that starts it differs from system to system, the assembly does not.</summary>
    private static List<(string Name, string Path)> ProgramFiles(string program, ProgramBundle bundle, RepositoryFiles repository, DiagnosticBag diagnostics)
    {
        var stem = Path.GetFileNameWithoutExtension(bundle.Assembly!);
        var others = Directory.EnumerateDirectories(program, "*", SearchOption.AllDirectories).Where(IsOfAnotherBuild).Select(d => d + Path.DirectorySeparatorChar).ToList();
        var files = Directory.EnumerateFiles(program, "*", SearchOption.AllDirectories)
            .Where(f => !others.Exists(o => f.StartsWith(o, StringComparison.Ordinal)))
            .Select(f => (Name: Path.GetRelativePath(program, f).Replace('\\', '/'), Path: f))
            .Where(f => f.Name != stem && f.Name != stem + ".exe" && !f.Name.StartsWith("publish/", StringComparison.Ordinal));
        return [.. files.Where(f => IsPlain(f.Path))];

        // Its artifacts, what it published, and what it built for one runtime lie within it, under names that a caller may choose: none of them belongs to the program.
        bool IsOfAnotherBuild(string folder) =>
            File.Exists(Path.Combine(folder, bundle.Assembly!)) || (File.Exists(Path.Combine(folder, ArtifactFiles.Deployment)) && File.Exists(Path.Combine(folder, ArtifactFiles.Pipeline)));

        bool IsPlain(string path)
        {
            var shown = Path.GetRelativePath(repository.Root, path).Replace('\\', '/');
            var refused = new FileInfo(path).LinkTarget is not null ? CompileErrors.LinkInBundle(bundle.Place, shown)
                : RegularFile.IsOne(path) ? null : CompileErrors.NotAFileInBundle(bundle.Place, shown);
            if (refused is not null)
                diagnostics.Add(refused);
            return refused is null;
        }
    }
}
