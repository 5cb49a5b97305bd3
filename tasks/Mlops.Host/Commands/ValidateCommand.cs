using System.CommandLine;
using Mlops.Configuration;
using Mlops.Host.Display;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Checks configurations: canonical lines, each with its line of the file and a caret.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("config") { Description = "The files to check.", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => ["config.yaml"] };
        var json = new Option<bool>("--json") { Description = "Print diagnostics as JSON lines." };
        var command = new Command("validate", "Checks config.yaml files. Exit code 1 if one has an error.") { files, json };
        command.SetAction(parsed =>
        {
            var failed = false;
            foreach (var file in parsed.GetValue(files)!)
            {
                var result = ConfigurationReader.Read(file);
                failed |= result.HasErrors;
                DiagnosticPrinter.Print(file, result.Source, result.Diagnostics, parsed.GetValue(json));
            }

            return failed ? ExitCodes.Errors : ExitCodes.Done;
        });
        return command;
    }
}
