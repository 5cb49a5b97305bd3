using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Configuration.Checks;

/// <summary>Steps: the entry point exists and fits what runs it.</summary>
internal static class StepChecks
{
    public static void Check(ModelConfig config, RepositoryFiles files, DiagnosticBag diagnostics)
    {
        var build = config.Build;
        if (build is { Train: null } && !build.Unreadable.Contains("train"))
            diagnostics.Add(Errors.NothingToTrain(build.Span));
        foreach (var (name, step) in config.Steps)
        {
            CheckEntryPoint(step, step.EntryPoint, step.SourceDir, step.Runtime ?? config.Runtime, name, files, diagnostics);
            if (step.Inputs is not { Count: > 0 } && !step.Unreadable.Contains("inputs"))
                diagnostics.Add(Errors.StepWithoutInput(step.Span, name));
        }

        if (config.Inference is { } inference)
        {
            var runtime = inference.Runtime ?? build?.Train?.Runtime ?? config.Runtime;
            CheckEntryPoint(inference, inference.EntryPoint, inference.SourceDir, runtime, "inference", files, diagnostics);
            if (runtime?.Framework?.Value == Framework.Dotnet && inference.EntryPoint is { } entry && !entry.Value.FileName.Equals("serve.cs", StringComparison.OrdinalIgnoreCase))
                diagnostics.Add(Errors.ServeEntryPoint(entry.Span, entry.Value.Text));
            if (inference.SamplePayload is { } payload)
                FileChecks.FileExists(payload, "sample payload", files, diagnostics);
        }
    }

    public static IReadOnlyList<string> Extensions(Framework framework) => framework switch
    {
        Framework.R => [".r"],
        Framework.Dotnet => [".cs"],
        Framework.Custom => [],
        _ => [".py"],
    };

    private static void CheckEntryPoint(Section section, Located<RepositoryPath>? entryPoint, Located<RepositoryPath>? sourceDir, RuntimeSection? runtime, string step, RepositoryFiles files, DiagnosticBag diagnostics)
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
            diagnostics.Add(Errors.EntryPointDoesNotFit(entry.Span, entry.Value.Text, ScalarTypes.SnakeCase(framework.ToString()), extensions));
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
