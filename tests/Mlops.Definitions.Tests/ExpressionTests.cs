using System.Text.Json.Nodes;

namespace Mlops.Definitions.Tests;

public sealed class ExpressionTests
{
    private static readonly ExpressionEvaluator Evaluator = new(new Scope());

    [Theory]
    [InlineData("""{"Get":"Parameters.depth"}""", "6")]
    [InlineData("""{"Get":"Execution.PipelineExecutionId"}""", "\"abc\"")]
    [InlineData("""{"Get":"Steps.pre.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}""", "\"s3://b/train\"")]
    [InlineData("""{"Get":"Steps.pre.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"}""", "\"s3://b/train\"")]
    [InlineData("""{"Std:Join":{"On":"/","Values":["s3:/",{"Get":"Parameters.bucket"},{"Std:Join":{"On":"-","Values":[1,true,2.5]}}]}}""", "\"s3://data/1-true-2.5\"")]
    [InlineData("""{"Std:JsonGet":{"PropertyFile":{"Get":"Steps.pre.PropertyFiles.report"},"Path":"metrics.accuracy.value"}}""", "0.9")]
    [InlineData("""{"Std:JsonGet":{"PropertyFile":{"Get":"Steps.pre.PropertyFiles.report"},"Path":"list[1]"}}""", "2")]
    [InlineData("""{"Std:JsonGet":{"S3Uri":{"Std:Join":{"On":"/","Values":["s3://b","limits.json"]}},"Path":"limits.auc"}}""", "0.8")]
    [InlineData("""{"Get":"PipelineExperimentConfig.ExperimentName"}""", "\"mine\"")]
    [InlineData("""{"A":[{"Get":"Parameters.depth"},"x"]}""", """{"A":[6,"x"]}""")]
    public void Expressions_are_computed(string expression, string expected) =>
        Assert.Equal(expected, Evaluator.Evaluate(JsonNode.Parse(expression))!.ToJsonString());

    [Theory]
    [InlineData("""{"Get":"Parameters.none"}""", "no parameter 'none'")]
    [InlineData("""{"Get":"Steps.later.X"}""", "'later' has not run")]
    [InlineData("""{"Get":"Steps.pre.Nothing"}""", "there is no 'Nothing'")]
    [InlineData("""{"Get":"Somewhere.else"}""", "refers to nothing")]
    [InlineData("""{"Std:JsonGet":{"PropertyFile":{"Get":"Steps.pre.PropertyFiles.report"},"Path":"metrics.auc.value"}}""", "there is no 'auc'")]
    public void What_leads_nowhere_is_said_in_a_sentence(string expression, string expected) =>
        Assert.Contains(expected, Assert.Throws<DefinitionException>(() => Evaluator.Evaluate(JsonNode.Parse(expression))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"Type":"GreaterThanOrEqualTo","LeftValue":0.9,"RightValue":0.9}""", true)]
    [InlineData("""{"Type":"GreaterThan","LeftValue":0.9,"RightValue":0.9}""", false)]
    [InlineData("""{"Type":"LessThan","LeftValue":{"Get":"Parameters.depth"},"RightValue":7}""", true)]
    [InlineData("""{"Type":"LessThanOrEqualTo","LeftValue":1,"RightValue":1}""", true)]
    [InlineData("""{"Type":"Equals","LeftValue":"a","RightValue":"a"}""", true)]
    [InlineData("""{"Type":"Equals","LeftValue":true,"RightValue":false}""", false)]
    [InlineData("""{"Type":"In","QueryValue":"b","Values":["a","b"]}""", true)]
    [InlineData("""{"Type":"Not","Condition":{"Type":"Equals","LeftValue":1,"RightValue":2}}""", true)]
    [InlineData("""{"Type":"Or","Conditions":[{"Type":"Equals","LeftValue":1,"RightValue":2},{"Type":"Equals","LeftValue":1,"RightValue":1}]}""", true)]
    public void Conditions_hold_or_do_not(string condition, bool expected) =>
        Assert.Equal(expected, new ConditionEvaluator(Evaluator).AllHold(new JsonObject { ["Conditions"] = new JsonArray(JsonNode.Parse(condition)) }));

    [Fact]
    public void Values_of_different_types_are_not_compared()
    {
        // Seen in a public pipeline: a string parameter "True" compared with true, which never holds.
        var condition = JsonNode.Parse("""{"Type":"Equals","LeftValue":"True","RightValue":true}""");

        Assert.Throws<DefinitionException>(() => new ConditionEvaluator(Evaluator).AllHold(new JsonObject { ["Conditions"] = new JsonArray(condition) }));
    }

    [Fact]
    public void Canonical_JSON_does_not_depend_on_the_order_of_members() =>
        Assert.Equal(Json.Canonical(JsonNode.Parse("""{"b":1,"a":{"d":2,"c":3}}""")), Json.Canonical(JsonNode.Parse("""{"a":{"c":3,"d":2},"b":1}""")));

    private sealed class Scope : IExpressionScope
    {
        public JsonNode Document(string s3Uri) => JsonNode.Parse("""{ "limits": { "auc": 0.8 } }""")!;

        public JsonNode? Experiment(string name) => name == "ExperimentName" ? Expression.Parameter("name") : null;

        public JsonNode? Parameter(string name) => name switch { "depth" => 6, "bucket" => "data", "name" => "mine", _ => null };

        public JsonNode? ExecutionVariable(string name) => name == "PipelineExecutionId" ? "abc" : null;

        public JsonObject? StepProperties(string step) => step != "pre" ? null
            : (JsonObject)JsonNode.Parse("""{"ProcessingOutputConfig":{"Outputs":[{"OutputName":"train","S3Output":{"S3Uri":"s3://b/train"}}]}}""")!;

        public JsonNode PropertyFile(string step, string name) => JsonNode.Parse("""{"metrics":{"accuracy":{"value":0.9}},"list":[1,2]}""")!;
    }
}
