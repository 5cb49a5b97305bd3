using System.Text;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Execution;

namespace Mlops.Platform.Local.Tests;

/// <summary>What is refused before anything starts: hours of training would be lost else.</summary>
public sealed class StepPreviewTests
{
    private static readonly IReadOnlyDictionary<string, string> NoParameters = new Dictionary<string, string>();

    [Theory]
    [InlineData("{}", null, "MLOPS6002")]
    [InlineData("{}", "own:1", null)]
    [InlineData("""{"SAGEMAKER_PROGRAM": "serve.py"}""", null, null)]
    public void A_transform_needs_a_program_for_its_model(string environment, string? standIn, string? code)
    {
        var model = Step("create", "Model", $$"""{"PrimaryContainer": {"Image": "own:1", "ModelDataUrl": "s3://b/m", "Environment": {{environment}} } }""");
        var transform = Step("score", "Transform", """{"ModelName": {"Get": "Steps.create.ModelName"}, "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}}, "TransformOutput": {"S3OutputPath": "s3://b/out"}}""");
        var local = new LocalSettings { StandIns = standIn is null ? NoParameters : new Dictionary<string, string> { [standIn] = "python3 stand_in.py" } };

        Assert.Equal(code, StepPreview.Of(Definition(model, transform), local, NoParameters).Single(s => s.Name == "score").Problem?.Code);
    }

    [Theory]
    [InlineData("""{"Type": "Equals", "LeftValue": 1, "RightValue": 1}""", false)]
    [InlineData("""{"Type": "EqualTo", "LeftValue": 1, "RightValue": 1}""", true)]
    [InlineData("""{"Type": "Or", "Conditions": [{"Type": "Not", "Condition": {"Type": "Larger", "LeftValue": 1, "RightValue": 1}}]}""", true)]
    [InlineData("""{"Type": "Not", "Expression": {"Type": "Larger", "LeftValue": 1, "RightValue": 1}}""", true)]
    [InlineData("""{"Type": "Not", "Expression": {"Type": "In", "QueryValue": 1, "Values": [1]}}""", false)]
    public void A_condition_is_of_a_type_that_exists(string condition, bool refused)
    {
        var choose = Step("choose", "Condition", $$"""{"Conditions": [{{condition}}], "IfSteps": [], "ElseSteps": []}""");

        Assert.Equal(refused, StepPreview.Of(Definition(choose), new LocalSettings(), NoParameters).Single().Problem is not null);
    }

    [Fact]
    public void A_tuning_that_begins_with_earlier_trainings_is_not_done_as_one_that_does_not()
    {
        var tuning = Step("tune", "Tuning", """{"WarmStartConfig": {"WarmStartType": "TransferLearning"}, "TrainingJobDefinition": {"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"]}}}""");

        Assert.Equal("MLOPS6045", StepPreview.Of(Definition(tuning), new LocalSettings(), NoParameters).Single().Problem?.Code);
    }

    [Fact]
    public void Several_definitions_in_one_tuning_are_said_by_their_name()
    {
        var tuning = Step("tune", "Tuning", """{"HyperParameterTuningJobConfig": {}, "TrainingJobDefinitions": []}""");

        var problem = StepPreview.Of(Definition(tuning), new LocalSettings(), NoParameters).Single().Problem;

        Assert.Equal("MLOPS6045", problem?.Code);
        Assert.Contains("TrainingJobDefinitions", problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Training", """{"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"]}}""", "OutputDataConfig.S3OutputPath")]
    [InlineData("Transform", """{"ModelName": "m", "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": "s3://b/in"}}}}""", "TransformOutput.S3OutputPath")]
    [InlineData("Tuning", """{"TrainingJobDefinition": {"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"]}}}""", "HyperParameterTuningJobConfig")]
    public void What_a_job_needs_is_asked_for_before_any_runs(string type, string arguments, string missing) =>
        Assert.Contains(missing, StepPreview.Of(Definition(Step("job", type, arguments)), new LocalSettings(), NoParameters).Single().Problem!.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("report", false)]
    [InlineData("reports", true)]
    public void A_property_file_lies_in_an_output_that_there_is(string output, bool refused)
    {
        var step = Step("evaluate", "Processing", """{"AppSpecification": {"ImageUri": "a", "ContainerEntrypoint": ["sh"]}, "ProcessingOutputConfig": {"Outputs": [{"OutputName": "report", "S3Output": {"S3Uri": "s3://b/o", "LocalPath": "/opt/ml/processing/o"}}]}}""");
        step["PropertyFiles"] = new JsonArray(new JsonObject { ["PropertyFileName"] = "metrics", ["OutputName"] = output, ["FilePath"] = "evaluation.json" });

        Assert.Equal(refused, StepPreview.Of(Definition(step), new LocalSettings(), NoParameters).Single().Problem is not null);
    }

    [Theory]
    [InlineData("Training", true)]
    [InlineData("Lambda", false)]
    public void Values_that_SageMaker_does_not_know_are_found_where_they_are_its_own(string type, bool refused)
    {
        var step = Step("job", type, """{"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"]}, "OutputDataConfig": {"S3OutputPath": "s3://b/o"}, "SplitType": "stratified"}""");
        step["FunctionArn"] = "arn:aws:lambda:us-east-1:123456789012:function:f";
        var local = new LocalSettings { StandIns = new Dictionary<string, string> { ["arn:aws:lambda:us-east-1:123456789012:function:f"] = "sh f.sh" } };

        Assert.Equal(refused, StepPreview.Of(Definition(step), local, NoParameters).Single().Problem is not null);
    }

    [Theory]
    [InlineData("accuracy", "acc", true)]
    [InlineData("acc", "acc", false)]
    public void What_a_tuning_looks_for_is_among_what_is_measured(string objective, string defined, bool refused)
    {
        var step = Step("tune", "Tuning", $$"""
            {"HyperParameterTuningJobConfig": {"Strategy": "Random", "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "{{objective}}"}, "ParameterRanges": {"IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "2"}]} },
             "TrainingJobDefinition": {"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"], "MetricDefinitions": [{"Name": "{{defined}}", "Regex": "x"}]}, "OutputDataConfig": {"S3OutputPath": "s3://b/o"} } }
            """);

        Assert.Equal(refused, StepPreview.Of(Definition(step), new LocalSettings(), NoParameters).Single().Problem is not null);
    }

    private static JsonObject Step(string name, string type, string arguments) => new() { ["Name"] = name, ["Type"] = type, ["Arguments"] = JsonNode.Parse(arguments) };

    private static PipelineDefinition Definition(params JsonObject[] steps) => PipelineDefinition.Parse(Encoding.UTF8.GetBytes(new JsonObject { ["Steps"] = new JsonArray([.. steps]) }.ToJsonString()));
}
