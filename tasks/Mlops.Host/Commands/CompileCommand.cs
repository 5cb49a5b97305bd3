using System.CommandLine;
using Mlops.Compilation;
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
        var program = new Option<string?>("--program") { Description = "The built output of a project with C# steps." };
        var set = SetOption.Create();
        var json = new Option<bool>("--json") { Description = "Print diagnostics as JSON lines." };
        var command = new Command("compile", "Compiles config.yaml into a pipeline definition, CloudFormation templates, deployment.json and source bundles.") { files, output, program, set, json };
        command.SetAction(parsed =>
        {
            if (SetOption.Read(parsed, set) is not { } overrides)
                return ExitCodes.Usage;
            var configs = parsed.GetValue(files)!;
            var failed = false;
            // Repositories are compiled side by side, and shown in their order.
            foreach (var (request, result) in configs.AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered)
                .Select(c => new CompileRequest(c, parsed.GetValue(program), ProgramAssembly(parsed.GetValue(program)), overrides)).Select(r => (r, ModelCompiler.Compile(r))))
            {
                failed |= !Write(request.Config, result, configs.Length > 1, parsed.GetValue(output), parsed.GetValue(json));
            }

            return failed ? ExitCodes.Errors : ExitCodes.Done;
        });
        return command;
    }

    private static bool Write(string config, CompileResult result, bool several, string? output, bool json)
    {
        DiagnosticPrinter.Print(config, result.Configuration.Source, result.Diagnostics, json);
        if (result.HasErrors)
            return false;
        var folder = output ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(config))!, "bin", "mlops");
        if (several && output is not null)
            folder = Path.Combine(folder, result.Configuration.Config!.Model!.Name!.Value.Value);
        try
        {
            ArtifactWriter.Write(folder, result.Artifacts);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            DiagnosticPrinter.Print(config, null, [CompileErrors.CannotWrite(folder, e.Message)], json);
            return false;
        }
    }

    /// <summary>The program is the assembly that has a runtimeconfig.json beside it.</summary>
    private static string? ProgramAssembly(string? folder) => folder is null || !Directory.Exists(folder) ? null
        : Directory.EnumerateFiles(folder, "*.runtimeconfig.json").Order(StringComparer.Ordinal)
            .Select(f => Path.GetFileName(f).Replace(".runtimeconfig.json", ".dll", StringComparison.Ordinal))
            .FirstOrDefault(f => File.Exists(Path.Combine(folder, f)));
}
