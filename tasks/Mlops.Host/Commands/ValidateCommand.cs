using System.CommandLine;
using Mlops.Compilation;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Reports;
using Mlops.Host.Display;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Checks configurations: canonical lines, each with its line of the file and a caret.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("config") { Description = "The files to check.", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => ["config.yaml"] };
        var set = SetOption.Create();
        var sarif = new Option<string?>("--sarif") { Description = "A file that takes the diagnostics as SARIF 2.1.0." };
        var json = new Option<bool>("--json") { Description = "Print diagnostics as JSON lines." };
        var command = new Command("validate", "Checks config.yaml files. Exit code 1 if one has an error.") { files, set, sarif, json };
        command.SetAction(parsed =>
        {
            if (SetOption.Read(parsed, set) is not { } overrides)
                return ExitCodes.Usage;
            var failed = false;
            var found = new List<(string, IReadOnlyList<Diagnostic>)>();
            // Files are read side by side, and shown in their order.
            foreach (var (file, result) in SideBySide.Select(parsed.GetValue(files)!, f => (f, ConfigurationReader.Read(f, overrides))))
            {
                failed |= result.HasErrors;
                found.Add((file, result.Diagnostics));
                DiagnosticPrinter.Print(file, result.Source, result.Diagnostics, parsed.GetValue(json));
            }

            if (parsed.GetValue(sarif) is { } target && !WriteSarif(target, found))
                return ExitCodes.Errors;
            return failed ? ExitCodes.Errors : ExitCodes.Done;
        });
        return command;
    }

    private static bool WriteSarif(string path, IEnumerable<(string, IReadOnlyList<Diagnostic>)> found)
    {
        try
        {
            File.WriteAllText(path, Sarif.Write(found, Versions.Product));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            DiagnosticPrinter.Print(path, null, [CompileErrors.CannotWrite(path, e.Message)], json: false);
            return false;
        }
    }
}
