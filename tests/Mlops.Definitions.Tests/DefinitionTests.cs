using System.Text;
using System.Text.Json.Nodes;

namespace Mlops.Definitions.Tests;

public sealed class DefinitionTests
{
    public static TheoryData<string> Samples => Conformance.Folder is { } folder
        ? [.. Directory.GetFiles(Path.Combine(folder, "samples"), "*.json").Order(StringComparer.Ordinal)]
        : [""];

    [SkippableTheory]
    [MemberData(nameof(Samples))]
    public void Documents_of_the_SageMaker_SDK_are_read_and_written_without_loss(string file)
    {
        Skip.If(file.Length == 0, Conformance.Missing);
        var text = File.ReadAllBytes(file);

        var definition = PipelineDefinition.Parse(text);
        _ = new StepGraph(definition);

        var before = (JsonObject)JsonNode.Parse(text)!;
        foreach (var optional in new[] { "Parameters", "Metadata" })
            before[optional] ??= definition.ToJson()[optional]!.DeepClone();
        Assert.Equal(Json.Canonical(Steps(before)), Json.Canonical(Steps(definition.ToJson())));
        Assert.Equal(Json.Canonical(before["Parameters"]), Json.Canonical(definition.ToJson()["Parameters"]));
    }

    [Theory]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{", "is not JSON")]
    [InlineData("{}", "has no 'Steps'")]
    [InlineData("""{"Version":"1999","Steps":[]}""", "version '1999'")]
    [InlineData("""{"Steps":{}}""", "should be an array")]
    [InlineData("""{"Steps":[{"Type":"Fail"}]}""", "'Name' of a step is nothing")]
    [InlineData("""{"Steps":[{"Name":"a","Type":"Fail"},{"Name":"a","Type":"Fail"}]}""", "Two steps are called 'a'")]
    [InlineData("""{"Steps":[],"Steps":[]}""", "is not JSON")]
    [InlineData("""{"Steps":[{"Name":"../a","Type":"Fail"}]}""", "cannot be the name of a step")]
    [InlineData("""{"Steps":[{"Name":"a\n","Type":"Fail"}]}""", "cannot be the name of a step")]
    [InlineData("""{"Steps":[{"Name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","Type":"Fail"}]}""", "1 to 64")]
    [InlineData("""{"Parameters":[{"Name":"a","Type":"Foo"}],"Steps":[]}""", "the type 'Foo'")]
    [InlineData("""{"Parameters":[{"Name":"a","Type":"Integer","DefaultValue":"abc"}],"Steps":[]}""", "of the type Integer")]
    [InlineData("""{"Parameters":[{"Name":"a","Type":"Integer","DefaultValue":3,"EnumValues":[1,2]}],"Steps":[]}""", "one of 1, 2")]
    [InlineData("""{"Parameters":[{"Name":"a","Type":"String"},{"Name":"a","Type":"String"}],"Steps":[]}""", "Two parameters are called 'a'")]
    public void A_document_that_is_none_is_refused_in_a_sentence(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<DefinitionException>(() => PipelineDefinition.Parse(Encoding.UTF8.GetBytes(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Steps_that_wait_for_each_other_are_named()
    {
        var definition = Parse("""{"Steps":[{"Name":"a","Type":"Processing","DependsOn":["b"]},{"Name":"b","Type":"Processing","Arguments":{"X":{"Get":"Steps.a.ProcessingJobName"}}},{"Name":"c","Type":"Fail"}]}""");

        Assert.Contains("a, b", Assert.Throws<DefinitionException>(() => new StepGraph(definition)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_within_a_branch_waits_for_the_condition()
    {
        var definition = Parse("""{"Steps":[{"Name":"if","Type":"Condition","Arguments":{"Conditions":[],"IfSteps":[{"Name":"then","Type":"Fail"}],"ElseSteps":[]}}]}""");

        Assert.Equal(["if"], new StepGraph(definition).WaitsFor("then"));
    }

    [Fact]
    public void Defaults_of_place_parameters_are_filled_in()
    {
        var definition = Parse("""{"Parameters":[{"Name":"bucket","Type":"String"}],"Steps":[]}""").WithDefaults(new Dictionary<string, JsonNode> { ["bucket"] = "local" });

        Assert.Equal("local", definition.Parameters[0].Default!.GetValue<string>());
    }

    [Theory]
    [InlineData("P30D", 30 * 24)]
    [InlineData("30d", 30 * 24)]
    [InlineData("PT2H", 2)]
    public void Cache_lifetimes_are_ISO_8601_and_what_public_documents_write(string text, double hours) =>
        Assert.Equal(TimeSpan.FromHours(hours), new StepCache(true, text).Lifetime());

    private static PipelineDefinition Parse(string text) => PipelineDefinition.Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>Steps with the members that mean the same left out and given.</summary>
    private static JsonArray Steps(JsonNode document)
    {
        foreach (var step in AllSteps(document["Steps"]))
        {
            step["Arguments"] ??= new JsonObject();
            foreach (var empty in new[] { "DependsOn", "PropertyFiles", "CacheConfig" }.Where(m => step[m] is null or JsonArray { Count: 0 }))
                step.Remove(empty);
            if (step["CacheConfig"] is JsonObject cache && cache["ExpireAfter"] is null)
                cache.Remove("ExpireAfter");
        }

        return (JsonArray)document["Steps"]!.DeepClone();
    }

    private static IEnumerable<JsonObject> AllSteps(JsonNode? steps) => steps is not JsonArray array ? []
        : array.OfType<JsonObject>().SelectMany(s => new[] { s }.Concat(AllSteps(s["Arguments"]?["IfSteps"])).Concat(AllSteps(s["Arguments"]?["ElseSteps"])));

    [Fact]
    public void A_mark_before_the_text_is_no_part_of_it() =>
        Assert.Empty(PipelineDefinition.Parse([.. Encoding.UTF8.Preamble, .. """{"Steps":[]}"""u8]).Steps);

    [Theory]
    [InlineData("Parameters.dept", "There are: depth.")]
    [InlineData("Execution.PipelineExecutionID", "PipelineExecutionId")]
    [InlineData("Steps.pre.ProcessingJobName", "There are: prepare, train.")]
    [InlineData("Steps.prepare.ProcessingOutputConfig.Outputs['test'].S3Output.S3Uri", "It has: train.")]
    [InlineData("Steps.prepare.PropertyFiles.other", "It has: report.")]
    [InlineData("Parameters.depth", null)]
    [InlineData("Steps.prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri", null)]
    [InlineData("Steps.prepare.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri", null)]
    [InlineData("Steps.prepare.ExitMessage", null)]
    public void What_a_step_refers_to_is_known_before_a_run(string path, string? expected)
    {
        var definition = PipelineDefinition.Parse(Encoding.UTF8.GetBytes($$$"""
            {
              "Parameters": [{ "Name": "depth", "Type": "Integer", "DefaultValue": 6 }],
              "Steps": [
                { "Name": "prepare", "Type": "Processing", "PropertyFiles": [{ "PropertyFileName": "report", "OutputName": "train", "FilePath": "a.json" }],
                  "Arguments": { "ProcessingOutputConfig": { "Outputs": [{ "OutputName": "train", "S3Output": { "S3Uri": "s3://b/train" } }] } } },
                { "Name": "train", "Type": "Training", "Arguments": { "HyperParameters": { "x": { "Get": "{{{path}}}" } } } }
              ]
            }
            """));

        var wrong = ReferenceCheck.Dangling(definition, definition.Steps[1]);

        if (expected is null)
            Assert.Null(wrong);
        else
            Assert.Contains(expected, wrong, StringComparison.Ordinal);
    }
}
