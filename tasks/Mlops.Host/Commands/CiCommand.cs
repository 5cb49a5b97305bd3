using System.CommandLine;
using Mlops.Compilation;
using Mlops.Compilation.Ci;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;
using Mlops.Host.Display;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Writes the files by which a host of repositories builds, tests and deploys the model.</summary>
internal static class CiCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("config") { Description = "The config.yaml.", DefaultValueFactory = _ => "config.yaml" };
        var set = SetOption.Create();
        var command = new Command("ci", "Writes the files by which the host of the repository builds, tests and deploys it.") { file, set };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            if (SetOption.Read(parsed, set) is not { } overrides)
                return ExitCodes.Usage;
            var result = ConfigurationReader.Read(path, overrides);
            var diagnostics = new DiagnosticBag();
            foreach (var error in result.Diagnostics.Where(d => d.Severity == Severity.Error))
                diagnostics.Add(error);
            if (result.Config is not null && !result.HasErrors && CiFiles.Make(result.Config, diagnostics) is { } files)
                Write(Path.GetDirectoryName(Path.GetFullPath(path))!, files, diagnostics);
            DiagnosticPrinter.Print(path, result.Source, diagnostics.InOrder(), json: false);
            return diagnostics.HasErrors ? ExitCodes.Errors : ExitCodes.Done;
        });
        return command;
    }

    private static void Write(string folder, IReadOnlyList<CiFile> files, DiagnosticBag diagnostics)
    {
        try
        {
            foreach (var written in CiFileWriter.Write(folder, files, diagnostics))
                Console.Out.WriteLine($"{written} is up to date.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            diagnostics.Add(CompileErrors.CannotWrite(folder, e.Message));
        }
    }
}
