using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Reports;
using Mlops.Host.Display;
using Mlops.Platform;

namespace Mlops.Host.Commands;

/// <summary>Prints the effective configuration: every value, defaults included, and where it comes from.</summary>
internal static class ShowCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var file = new Argument<string>("config") { Description = "The file to show.", DefaultValueFactory = _ => "config.yaml" };
        var set = SetOption.Create();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("show", "Prints the effective configuration: every value, and where it comes from.") { file, set, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            if (SetOption.Read(parsed, set) is not { } overrides)
                return ExitCodes.Usage;
            var result = ConfigurationReader.Read(path, overrides);
            if (result.Config is null || result.HasErrors)
            {
                DiagnosticPrinter.Print(path, result.Source, result.Diagnostics.Where(d => d.Severity == Severity.Error), parsed.GetValue(json));
                return ExitCodes.Errors;
            }

            var values = EffectiveConfig.Of(result.Config, Path.GetFileName(path), overrides);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(Json(values));
            else
                PrintText(values);
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Json(IEnumerable<EffectiveValue> values) => new JsonObject
    {
        ["FormatVersion"] = 1,
        ["Values"] = new JsonArray([.. values.Select(v => new JsonObject
        {
            ["Key"] = v.Path,
            ["Value"] = v.Value,
            ["Source"] = v.Source,
            ["Line"] = v.Place?.Line,
            ["Column"] = v.Place?.Column,
        })]),
    }.ToJsonString(Indented);

    private static void PrintText(IReadOnlyList<EffectiveValue> values)
    {
        var width = Math.Min(60, values.Max(v => v.Path.Length + v.Value.Length + 2));
        foreach (var v in values)
            Console.Out.WriteLine($"{$"{v.Path}: {v.Value}".PadRight(width)}  # {v.Source}");
    }
}
