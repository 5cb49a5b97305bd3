using System.Text.Json.Nodes;
using Mlops.Configuration.Documentation;

namespace Mlops.Configuration.Tests;

/// <summary>What the language says of its own defaults and examples is true of it.</summary>
public sealed class DefaultsTests
{
    [SkippableFact]
    public void Defaults_and_examples_are_values_of_their_keys()
    {
        Skip.IfNot(Conformance.HasPython("jsonschema"), "python3 with jsonschema is not installed.");
        using var folder = TestFolder.Temporary();
        folder.Write("schema.json", ConfigSchema.Write());
        folder.Write("check.py", """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            count = 0
            for section, shape in schema["$defs"].items():
                for key, value in shape["properties"].items():
                    for given in ([value["default"]] if "default" in value else []) + value.get("examples", []):
                        check = {**{k: v for k, v in value.items() if k not in ("default", "examples")}, "$defs": schema["$defs"]}
                        for error in Draft202012Validator(check).iter_errors(given):
                            print(section, key, given, error.message)
                        count += 1
            print(count)
            """);

        var (exitCode, output) = Conformance.RunPython(folder.File("check.py"), folder.File("schema.json"));

        Assert.True(exitCode == 0, output);
        Assert.Single(output.Trim().Split('\n'));
        Assert.True(int.Parse(output, System.Globalization.CultureInfo.InvariantCulture) > 80, output);
    }

    [Fact]
    public void Every_section_of_the_schema_refuses_unknown_keys()
    {
        var sections = JsonNode.Parse(ConfigSchema.Write())!["$defs"]!.AsObject();

        Assert.True(sections.Count > 60);
        Assert.All(sections, s => Assert.False(s.Value!["additionalProperties"]!.GetValue<bool>()));
    }
}
