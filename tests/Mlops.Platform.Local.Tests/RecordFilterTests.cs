using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Execution;

namespace Mlops.Platform.Local.Tests;

public sealed class RecordFilterTests
{
    [Theory]
    [InlineData("$", "[1,2,3]", "[1,2,3]")]
    [InlineData("$[1:]", "[1,2,3]", "[2,3]")]
    [InlineData("$[0,-1]", "[1,2,3]", "[1,3]")]
    [InlineData("$[0,2:]", "[1,2,3,4]", "[1,3,4]")]
    [InlineData("$[:2,3]", "[1,2,3,4]", "[1,2,4]")]
    [InlineData("$.features", """{"features":[1],"id":2}""", "[1]")]
    [InlineData("$['id']", """{"features":[1],"id":2}""", "2")]
    [InlineData("$['id','SageMakerOutput']", """{"SageMakerOutput":0.5,"features":[1],"id":2}""", """{"id":2,"SageMakerOutput":0.5}""")]
    [InlineData("""$["a,b"][0]""", """{"a,b":[7]}""", "7")]
    public void What_the_path_names_is_selected(string path, string record, string expected) =>
        Assert.Equal(expected, RecordFilter.Apply(path, JsonNode.Parse(record))!.ToJsonString());

    [Theory]
    [InlineData("$[3]", "[1,2,3]", "item 3")]
    [InlineData("$['id','answer']", """{"id":2}""", "'answer'")]
    [InlineData("$.answer", "[1]", "'answer'")]
    [InlineData("$[0]", """{"id":2}""", "asks for items")]
    [InlineData("$[1:2:3]", "[1,2,3]", "not one of the forms")]
    public void What_a_record_does_not_have_is_an_error(string path, string record, string expected) =>
        Assert.Contains(expected, Assert.Throws<DefinitionException>(() => RecordFilter.Apply(path, JsonNode.Parse(record))).Message, StringComparison.Ordinal);
}
