using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Files;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Programs: the entry point exists and fits what runs it, and lies in the folder that travels with it.</summary>
internal static class CodeChecks
{
    public static IReadOnlyList<string> Extensions(Framework framework) => framework switch
    {
        Framework.R => [".r"],
        Framework.Dotnet => [".cs"],
        Framework.Custom => [],
        _ => [".py"],
    };

    public static void Check(Section section, Located<RepositoryPath>? entryPoint, Located<RepositoryPath>? sourceDir, RuntimeSection? runtime, string step, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        // Of a framework that could not be read, nothing is known of its programs.
        var framework = runtime?.Unreadable.Contains("framework") == true ? Framework.Custom : runtime?.Framework?.Value ?? Framework.Custom;
        if (sourceDir is { } folder)
            CheckSourceDir(folder, entryPoint, framework, files, diagnostics);
        if (entryPoint is not { } entry)
        {
            if (!section.Unreadable.Contains("entry_point"))
                diagnostics.Add(Errors.MissingKey(section.Span, "entry_point", $"'{step}'", "The program that is run."));
            return;
        }

        if (!FileChecks.FileExists(entry, "entry point", files, diagnostics))
            return;
        var extensions = Extensions(framework);
        if (extensions.Count > 0 && !extensions.Contains(entry.Value.Extension))
            diagnostics.Add(Errors.EntryPointDoesNotFit(entry.Span, entry.Value.Text, Words.Snake(framework), extensions));
    }

    public static void CheckNotebook(StepSection step, string name, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (step.EntryPoint is { } entry)
        {
            if (FileChecks.FileExists(entry, "notebook", files, diagnostics) && entry.Value.Extension != ".ipynb")
                diagnostics.Add(Errors.EntryPointDoesNotFit(entry.Span, entry.Value.Text, "notebook", [".ipynb"]));
        }
        else if (!step.Unreadable.Contains("entry_point"))
        {
            diagnostics.Add(Errors.MissingKey(step.Span, "entry_point", $"'{name}'", "The notebook that is run."));
        }

        if (step.SourceDir is { } folder)
            CheckSourceDir(folder, step.EntryPoint, Framework.Custom, files, diagnostics);
    }

    private static void CheckSourceDir(Located<RepositoryPath> folder, Located<RepositoryPath>? entry, Framework framework, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        if (framework == Framework.Dotnet)
            diagnostics.Add(Errors.NoEffect(folder.Span, "source_dir", "the C# steps of a project are compiled into one program, which travels whole. Remove it."));
        else if (!files.StaysInside(folder.Value))
            diagnostics.Add(Errors.PathLeavesRepository(folder.Span, folder.Value.Text));
        else if (!files.IsFolder(folder.Value))
            diagnostics.Add(Errors.FileMissing(folder.Span, folder.Value.Text, "source folder", files.Near(folder.Value)));
        else if (entry is { } e && !e.Value.Text.StartsWith(folder.Value.Text.TrimEnd('/') + '/', StringComparison.Ordinal))
            diagnostics.Add(Errors.NoEffect(folder.Span, "source_dir", $"the entry point '{e.Value.Text}' does not lie within it. Move one of the two."));
    }
}
