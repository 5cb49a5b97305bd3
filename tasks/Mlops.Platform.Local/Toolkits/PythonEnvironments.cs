using System.Formats.Tar;
using Mlops.Definitions;
using Mlops.Platform.Events;
using Mlops.Platform.Local.Processes;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Toolkits;

/// <summary>
/// Virtual environments of Python, made of the requirements.txt files that travel with the programs where the interpreter that
/// config.yaml names lacks their packages. Known by content: the same requirements and interpreter give the same environment.
/// </summary>
internal sealed class PythonEnvironments(LocalRoot root, IEventSink events)
{
    /// <summary>What programs name their interpreter.</summary>
    public const string Python = "python3";

    /// <summary>Written last: what lacks it was broken off.</summary>
    private const string Whole = "whole";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>What the programs of a workspace start with: its own interpreters, or the environment that was made for them.</summary>
    public IReadOnlyDictionary<string, string> Interpreters(Workspace workspace)
    {
        if (!Directory.Exists(root.Environments) || FolderOf(workspace) is not { } folder || !File.Exists(Path.Combine(folder, Whole)))
            return workspace.Interpreters;
        return new Dictionary<string, string>(workspace.Interpreters, StringComparer.Ordinal) { [Python] = PythonIn(folder) };
    }

    /// <summary>Makes the environment. Returns false where no requirements.txt travels; then there is nothing to make it of.</summary>
    /// <param name="reason">Why it could not be made, in pip's or Python's words; empty where it was not tried.</param>
    public bool TryMake(Workspace workspace, out string reason)
    {
        reason = "";
        if (FolderOf(workspace) is not { } folder)
            return false;
        events.Add(new Notice("Python lacks packages that the programs import: requirements.txt is installed into an environment of this repository's own."));
        Files.Delete(folder);
        Directory.CreateDirectory(root.Environments);
        if (Run(InterpreterOf(workspace), ["-m", "venv", "--system-site-packages", folder], out reason)
            && Run(PythonIn(folder), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", .. Requirements(workspace).SelectMany((text, i) => new[] { "-r", Write(folder, i, text) })], out reason))
        {
            File.WriteAllText(Path.Combine(folder, Whole), "");
            return true;
        }

        Files.Delete(folder);
        return false;
    }

    /// <summary>Takes the environment away.</summary>
    public void Delete(Workspace workspace)
    {
        if (FolderOf(workspace) is { } folder)
            Files.Delete(folder);
    }

    /// <summary>Whether an interpreter is of an environment that was made here.</summary>
    public static bool IsMade(string interpreter) => Path.GetDirectoryName(Path.GetDirectoryName(interpreter)) is { Length: > 0 } folder && File.Exists(Path.Combine(folder, Whole));

    private static string InterpreterOf(Workspace workspace) => workspace.Interpreters.GetValueOrDefault(Python, Python);

    private static string PythonIn(string folder) => OperatingSystem.IsWindows() ? Path.Combine(folder, "Scripts", "python.exe") : Path.Combine(folder, "bin", "python3");

    private static string Write(string folder, int number, string text)
    {
        var file = Path.Combine(folder, $"requirements-{number}.txt");
        File.WriteAllText(file, text);
        return file;
    }

    private string? FolderOf(Workspace workspace)
    {
        if (Requirements(workspace) is not { Count: > 0 } requirements || Programs.Find(InterpreterOf(workspace)) is not { } program)
            return null;
        return Path.Combine(root.Environments, Digest.Of(string.Join("\n\0\n", requirements.Append(Programs.Identity(program))))[..16]);
    }

    /// <summary>The requirements.txt files of all bundles, each once.</summary>
    private static List<string> Requirements(Workspace workspace) =>
        [.. workspace.Deployment.Sources.Select(s => s.File).Distinct(StringComparer.Ordinal).SelectMany(f => Requirements(Path.Combine(workspace.Artifacts, f))).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static List<string> Requirements(string tar)
    {
        var found = new List<string>();
        using var reader = new TarReader(File.OpenRead(tar));
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is null || Path.GetFileName(entry.Name) != "requirements.txt")
                continue;
            using var text = new StreamReader(entry.DataStream);
            found.Add(text.ReadToEnd());
        }

        return found;
    }

    private static bool Run(string program, IReadOnlyList<string> arguments, out string reason)
    {
        if (ShortProgram.Run(program, arguments, Patience) is not var (exitCode, output, errors))
        {
            reason = $"'{program}' cannot be started, or took longer than {Patience.TotalMinutes} minutes.";
            return false;
        }

        var said = (errors.Trim().Length > 0 ? errors : output).Trim().Split('\n');
        // pip warns of each try before it says why it gives up.
        var final = said.Where(l => l.StartsWith("ERROR:", StringComparison.Ordinal)).ToArray();
        reason = string.Join('\n', (final.Length > 0 ? final : said).TakeLast(5));
        return exitCode == 0;
    }
}
