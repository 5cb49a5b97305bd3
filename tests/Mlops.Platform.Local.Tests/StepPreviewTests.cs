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

    [Theory]
    [InlineData("""{"Type": "Equals", "LeftValue": {"Get": "Parameters.flag"}, "RightValue": true}""", "a text")]
    [InlineData("""{"Type": "LessThan", "LeftValue": {"Get": "Parameters.depth"}, "RightValue": "3"}""", "a number")]
    [InlineData("""{"Type": "In", "QueryValue": {"Get": "Parameters.depth"}, "Values": [1, "2"]}""", "a number")]
    [InlineData("""{"Type": "Equals", "LeftValue": 1}""", "no RightValue")]
    [InlineData("""{"Type": "In", "QueryValue": 1, "Values": []}""", "nothing in it")]
    [InlineData("""{"LeftValue": 1, "RightValue": 1}""", "no condition of the type")]
    [InlineData("""{"Type": "Or", "Conditions": {}}""", "Conditions")]
    [InlineData("""{"Type": "Equals", "LeftValue": {"Get": "Parameters.depth"}, "RightValue": 3}""", null)]
    [InlineData("""{"Type": "Equals", "LeftValue": {"Std:JsonGet": {"S3Uri": "s3://b/r.json", "Path": "a"}}, "RightValue": 3}""", null)]
    public void A_condition_compares_what_is_there_and_of_one_type(string condition, string? said)
    {
        var choose = Step("choose", "Condition", $$"""{"Conditions": [{{condition}}], "IfSteps": [], "ElseSteps": []}""");
        var definition = Definition(choose) with { Parameters = [new PipelineParameter("flag", "String", "true", []), new PipelineParameter("depth", "Integer", 3, [])] };

        var problem = StepPreview.Of(definition, new LocalSettings(), NoParameters).Single().Problem;

        Assert.Equal(said is null, problem is null);
        Assert.Contains(said ?? "", problem?.Message ?? "", StringComparison.Ordinal);
    }

    /// <summary>Each of them was taken for a member that is not there.</summary>
    [Theory]
    [InlineData("\"AppSpecification\": \"image\"", "'AppSpecification' is an object")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"], \"ContainerArguments\": \"--x 1\"}", "'ContainerArguments' is a list")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"]}, \"Environment\": [\"X=1\"]", "'Environment' is an object")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"]}, \"StoppingCondition\": {\"MaxRuntimeInSeconds\": \"60\"}", "whole number from 1 on")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"]}, \"ProcessingResources\": {\"ClusterConfig\": {\"InstanceCount\": {\"Get\": \"Parameters.flag\"}}}", "is of the type String")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"]}, \"Environment\": {\"A\": {\"Get\": \"Nowhere.x\"}}", "a pipeline has Parameters.NAME")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": {\"Std:Split\": {}}, \"ContainerEntrypoint\": [\"sh\"]}", "no function 'Std:Split'")]
    [InlineData("\"AppSpecification\": {\"ImageUri\": \"a\", \"ContainerEntrypoint\": [\"sh\"]}, \"Environment\": {\"A\": {\"Get\": \"Steps.x['y\"}}", "'[' without ']'")]
    public void A_request_has_the_form_of_its_kind(string arguments, string said)
    {
        var definition = Definition(Step("run", "Processing", $"{{{arguments}}}")) with { Parameters = [new PipelineParameter("flag", "String", "true", [])] };

        var problem = StepPreview.Of(definition, new LocalSettings(), NoParameters).Single().Problem;

        Assert.Equal("MLOPS5000", problem?.Code);
        Assert.Contains(said, problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"ExceptionType": ["Step.SERVICE_FAULT"], "MaxAttempts": 3}""", false)]
    [InlineData("""{"ExceptionType": ["Step.SERVICE_FAULT"], "MaxAttempts": 3, "ExpireAfterMin": 5}""", true)]
    [InlineData("""{"ExceptionType": ["Step.NOTHING"], "MaxAttempts": 3}""", true)]
    [InlineData("""{"ExceptionType": "Step.SERVICE_FAULT"}""", true)]
    [InlineData("""{"ExceptionType": ["Step.SERVICE_FAULT"], "MaxAttempts": "3"}""", true)]
    [InlineData("""{"ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": -5}""", true)]
    public void A_retry_policy_is_one(string policy, bool refused)
    {
        var step = Step("run", "Processing", """{"AppSpecification": {"ImageUri": "a", "ContainerEntrypoint": ["sh"]}}""");
        step["RetryPolicies"] = new JsonArray(JsonNode.Parse(policy));

        Assert.Equal(refused, StepPreview.Of(Definition(step), new LocalSettings(), NoParameters).Single().Problem is not null);
    }

    [Fact]
    public void A_step_is_not_called_as_a_training_of_a_tuning_is()
    {
        var tuning = Step("tune", "Tuning", """{"HyperParameterTuningJobConfig": {}, "TrainingJobDefinition": {"AlgorithmSpecification": {"TrainingImage": "a", "ContainerEntrypoint": ["sh"]}, "OutputDataConfig": {"S3OutputPath": "s3://b/o"}}}""");
        var other = Step("tune-001", "Processing", """{"AppSpecification": {"ImageUri": "a", "ContainerEntrypoint": ["sh"]}}""");

        Assert.Contains("'tune'", StepPreview.Of(Definition(tuning, other), new LocalSettings(), NoParameters).Single(s => s.Name == "tune-001").Problem?.Message, StringComparison.Ordinal);
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
