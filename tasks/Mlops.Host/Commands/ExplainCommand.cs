using System.CommandLine;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Prints what docs/diagnostics.md says of a code.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var code = new Argument<string>("code") { Description = "A code, such as MLOPS2001." };
        var command = new Command("explain", "Explains a diagnostic code.") { code };
        command.SetAction(parsed =>
        {
            var wanted = parsed.GetValue(code)!.Trim().ToUpperInvariant();
            if (wanted.Length > 0 && wanted.All(char.IsAsciiDigit))
                wanted = $"MLOPS{wanted}";
            using var reader = new StreamReader(typeof(ExplainCommand).Assembly.GetManifestResourceStream("diagnostics.md")!);
            var section = reader.ReadToEnd().Split("\n## ").Skip(1).FirstOrDefault(s => s.StartsWith(wanted, StringComparison.Ordinal));
            if (section is null)
            {
                Console.Error.WriteLine($"mlops: there is no code '{wanted}'. Codes are MLOPS and four digits.");
                return ExitCodes.Usage;
            }

            // What follows is the next one's anchor, or a chapter.
            Console.Out.WriteLine(section.Split("\n<a id=")[0].Split("\n# ")[0].Trim());
            return ExitCodes.Done;
        });
        return command;
    }
}
