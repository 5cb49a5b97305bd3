using System.CommandLine;
using Mlops.Compilation;
using Mlops.Configuration.Diagnostics;
using Mlops.Host.Display;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Does by hand what a build does: config.yaml into artifacts.</summary>
internal static class CompileCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("config") { Description = "The files to compile.", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => ["config.yaml"] };
        var output = new Option<string?>("--output") { Description = "Where artifacts go. Default: bin/mlops beside each file; of several files, each has a folder of its model's name in it." };
        var programs = new Option<string?>("--program") { Description = "The built output of a project with C# steps." };
        var set = SetOption.Create();
        var json = new Option<bool>("--json") { Description = "Print diagnostics as JSON lines." };
        var command = new Command("compile", "Compiles config.yaml into a pipeline definition, CloudFormation templates, deployment.json and source bundles.") { files, output, programs, set, json };
        command.SetAction(parsed =>
        {
            if (SetOption.Read(parsed, set) is not { } overrides)
                return ExitCodes.Usage;
            // A file that is named twice is one.
            var configs = parsed.GetValue(files)!.DistinctBy(Path.GetFullPath).ToList();
            var (program, folder, failed) = (parsed.GetValue(programs), parsed.GetValue(output), false);
            // Each has a folder of its own and is written where it is compiled, unless they share one: the last wins.
            var inTurn = folder is not null || configs.DistinctBy(c => Path.GetDirectoryName(Path.GetFullPath(c))).Count() < configs.Count;
            CompiledRepository Compile(string config)
            {
                var result = ModelCompiler.Compile(new CompileRequest(config, program, ProgramAssembly(program), overrides));
                var compiled = new CompiledRepository(config, result, FolderOf(config, result, folder, configs.Count > 1));
                return inTurn ? compiled : compiled.Write();
            }

            // Repositories are compiled side by side, and shown in their order.
            foreach (var compiled in SideBySide.Select(configs, Compile))
            {
                var shown = inTurn ? compiled.Write() : compiled;
                DiagnosticPrinter.Print(shown.Config, shown.Result.Configuration.Source, shown.Diagnostics, parsed.GetValue(json));
                failed |= shown.HasErrors;
            }

            return failed ? ExitCodes.Errors : ExitCodes.Done;
        });
        return command;
    }

    private static string FolderOf(string config, CompileResult result, string? output, bool several)
    {
        var folder = output ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(config))!, "bin", "mlops");
        return several && output is not null && !result.HasErrors ? Path.Combine(folder, result.Configuration.Config!.Model!.Name!.Value.Value) : folder;
    }

    /// <summary>The program is the assembly that has a runtimeconfig.json beside it.</summary>
    private static string? ProgramAssembly(string? folder) => folder is null || !Directory.Exists(folder) ? null
        : Directory.EnumerateFiles(folder, "*.runtimeconfig.json").Order(StringComparer.Ordinal)
            .Select(f => Path.GetFileName(f).Replace(".runtimeconfig.json", ".dll", StringComparison.Ordinal))
            .FirstOrDefault(f => File.Exists(Path.Combine(folder, f)));

    /// <param name="Folder">Where its artifacts go.</param>
    private sealed record CompiledRepository(string Config, CompileResult Result, string Folder)
    {
        /// <summary>Why it could not be written; null: it was, or is wrong.</summary>
        private Diagnostic? Refused { get; init; }

        public bool HasErrors => Result.HasErrors || Refused is not null;

        public IReadOnlyList<Diagnostic> Diagnostics => Refused is null ? Result.Diagnostics : [.. Result.Diagnostics, Refused];

        public CompiledRepository Write()
        {
            if (HasErrors)
                return this;
            try
            {
                ArtifactWriter.Write(Folder, Result.Artifacts);
                return this;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return this with { Refused = CompileErrors.CannotWrite(Folder, e.Message) };
            }
        }
    }
}
