using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;

namespace Mlops.Configuration.Reports;

/// <summary>Diagnostics as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines.</summary>
public static class Sarif
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="files">Each file's path as it is to be shown, with what was found in it.</param>
    /// <param name="version">Of the product.</param>
    public static string Write(IEnumerable<(string File, IReadOnlyList<Diagnostic> Diagnostics)> files, string version)
    {
        var found = files.SelectMany(f => f.Diagnostics.Select(d => (f.File, Diagnostic: d))).ToList();
        var rules = found.Select(f => f.Diagnostic).DistinctBy(d => d.Code).OrderBy(d => d.Code, StringComparer.Ordinal).ToList();
        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "Mlops.Sdk",
                        ["version"] = version,
                        ["informationUri"] = "https://github.com/mlops-sdk/mlops-sdk",
                        ["rules"] = new JsonArray([.. rules.Select(r => new JsonObject { ["id"] = r.Code, ["helpUri"] = r.HelpLink })]),
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = new JsonArray([.. found.Select(f => Result(f.File, f.Diagnostic, rules.FindIndex(r => r.Code == f.Diagnostic.Code)))]),
            }),
        }.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Result(string file, Diagnostic diagnostic, int rule)
    {
        var result = new JsonObject
        {
            ["ruleId"] = diagnostic.Code,
            ["ruleIndex"] = rule,
            ["level"] = diagnostic.Severity == Severity.Error ? "error" : "warning",
            ["message"] = new JsonObject { ["text"] = diagnostic.Message },
            ["locations"] = new JsonArray(new JsonObject { ["physicalLocation"] = Location(file, diagnostic.Span) }),
        };
        if (diagnostic.Related is { } related)
        {
            result["relatedLocations"] = new JsonArray(new JsonObject
            {
                ["id"] = 1,
                ["message"] = new JsonObject { ["text"] = related.Text },
                ["physicalLocation"] = Location(file, related.Span),
            });
        }

        return result;
    }

    private static JsonObject Location(string file, Span span) => new()
    {
        ["artifactLocation"] = new JsonObject { ["uri"] = Uri.EscapeDataString(file.Replace('\\', '/')).Replace("%2F", "/", StringComparison.Ordinal) },
        ["region"] = new JsonObject
        {
            ["startLine"] = span.Line,
            ["startColumn"] = span.Column,
            ["endLine"] = Math.Max(span.Line, span.EndLine),
            ["endColumn"] = span.EndLine > span.Line ? span.EndColumn : Math.Max(span.Column, span.EndColumn),
        },
    };
}
