using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Events;

namespace Mlops.Platform.Local.Tests;

/// <summary>Commands in place of what a laptop has not: functions, clusters, services, and images.</summary>
public sealed class StandInTests : StepTestsBase
{
    [SkippableFact]
    public async Task A_tuning_runs_again_when_what_stands_for_its_image_has_changed()
    {
        NeedsShell();
        var tuning = Tuning("Grid", new JsonObject { ["CategoricalParameterRanges"] = new JsonArray(new JsonObject { ["Name"] = "depth", ["Values"] = new JsonArray("1", "5") }) });
        tuning["Arguments"]!["TrainingJobDefinition"]!["AlgorithmSpecification"]!["TrainingImage"] = "own:1";
        folder.Write("train.sh", "cat > /dev/null; echo score=$SM_HP_DEPTH; echo one > $SM_MODEL_DIR/model.txt");
        var first = await RunAsync(Pipeline(tuning), ("own:1", "sh train.sh"));
        folder.Write("train.sh", "cat > /dev/null; echo score=$SM_HP_DEPTH; echo two > $SM_MODEL_DIR/model.txt");
        events.Clear();

        await RunAsync(Pipeline((JsonObject)tuning.DeepClone()), ("own:1", "sh train.sh"));

        Assert.True(first.Status == "Succeeded", first.FailureReason);
        Assert.DoesNotContain(events.All.OfType<StepChanged>(), s => s.Cached);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_service_by_the_steps_name()
    {
        NeedsShell();
        folder.Write("auto.sh", "cat > /dev/null; echo '{\"BestCandidate\": {\"Score\": 0.9}}'");
        var auto = new JsonObject { ["Name"] = "auto", ["Type"] = "AutoML", ["Arguments"] = new JsonObject() };
        var fails = new JsonObject { ["Name"] = "shown", ["Type"] = "Fail", ["Arguments"] = new JsonObject { ["ErrorMessage"] = Expression.Joined(" ", [JsonValue.Create("score"), Expression.Reference("Steps.auto.BestCandidate.Score")]) } };

        Assert.Equal("score 0.9", (await RunAsync(Pipeline(auto, fails), ("auto", "sh auto.sh"))).FailureReason);
    }

    [SkippableTheory]
    [InlineData(true, false, "Failed")]
    [InlineData(false, false, "Succeeded")]
    [InlineData(true, true, "Succeeded")]
    public async Task A_quality_check_fails_on_violations_where_it_is_to(bool failOnViolation, bool skipCheck, string status)
    {
        NeedsShell();
        folder.Write("analyzer.sh", """
            out="$SAGEMAKER_BASE_DIR/processing/output"
            echo '{}' > "$out/statistics.json"; echo '{}' > "$out/constraints.json"
            echo '{"violations": [{"feature_name": "age"}]}' > "$out/constraint_violations.json"
            """);
        var check = new JsonObject
        {
            ["Name"] = "quality",
            ["Type"] = "QualityCheck",
            ["Arguments"] = new JsonObject
            {
                ["AppSpecification"] = new JsonObject { ["ImageUri"] = "analyzer:1" },
                ["ProcessingOutputConfig"] = new JsonObject { ["Outputs"] = new JsonArray(new JsonObject { ["OutputName"] = "o", ["S3Output"] = new JsonObject { ["S3Uri"] = "s3://local/quality", ["LocalPath"] = "/opt/ml/processing/output" } }) },
            },
            ["CheckType"] = "DATA_QUALITY",
            ["SkipCheck"] = skipCheck,
            ["FailOnViolation"] = failOnViolation,
            ["SuppliedBaselineConstraints"] = null,
        };
        var copy = new JsonObject { ["Name"] = "copy", ["Type"] = "Lambda", ["FunctionArn"] = "f", ["Arguments"] = new JsonObject { ["baseline"] = Expression.Reference("Steps.quality.BaselineUsedForDriftCheckConstraints") } };
        folder.Write("copy.sh", "cat > got.json; echo '{}'");

        var result = await RunAsync(Pipeline(check, copy), ("analyzer:1", "sh analyzer.sh"), ("f", "sh copy.sh"));

        Assert.Equal(status, result.Status);
        if (status == "Failed")
            Assert.Contains("1 violations of the baseline", result.FailureReason, StringComparison.Ordinal);
        else
            Assert.Contains("s3://local/quality/constraints.json", File.ReadAllText(folder.File("got.json")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_cluster_by_its_id()
    {
        NeedsShell();
        folder.Write("spark.sh", "cat > got.json");
        var emr = new JsonObject { ["Name"] = "aggregate", ["Type"] = "EMR", ["Arguments"] = new JsonObject { ["ClusterId"] = "j-1K48XXXXXXHCB", ["StepConfig"] = new JsonObject { ["HadoopJarStep"] = new JsonObject { ["Jar"] = "command-runner.jar" } } } };

        var result = await RunAsync(Pipeline(emr), ("j-1K48XXXXXXHCB", "sh spark.sh"));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Contains("command-runner.jar", File.ReadAllText(folder.File("got.json")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_stand_in_answers_for_a_function_and_its_outputs_are_values()
    {
        NeedsShell();
        folder.Write("answer.sh", "read line; echo '{\"rows\": 7}'; echo \"$line\" > got.json");
        var function = "arn:aws:lambda:eu-west-1:111111111111:function:count";
        var asks = new JsonObject { ["Name"] = "count", ["Type"] = "Lambda", ["FunctionArn"] = function, ["Arguments"] = new JsonObject { ["run"] = Expression.Reference("Execution.PipelineName") }, ["OutputParameters"] = new JsonArray(new JsonObject { ["OutputName"] = "rows", ["OutputType"] = "Integer" }) };
        var enough = new JsonObject
        {
            ["Name"] = "enough",
            ["Type"] = "Condition",
            ["Arguments"] = new JsonObject
            {
                ["Conditions"] = new JsonArray(new JsonObject { ["Type"] = "GreaterThan", ["LeftValue"] = Expression.Reference("Steps.count.OutputParameters['rows']"), ["RightValue"] = 5 }),
                ["IfSteps"] = new JsonArray(),
                ["ElseSteps"] = new JsonArray(new JsonObject { ["Name"] = "few", ["Type"] = "Fail", ["Arguments"] = new JsonObject { ["ErrorMessage"] = "too few" } }),
            },
        };

        var result = await RunAsync(Pipeline(asks, enough), (function, "sh answer.sh"));

        Assert.True(result.Status == "Succeeded", result.FailureReason);
        Assert.Equal("{\"run\":\"p\"}", File.ReadAllText(folder.File("got.json")).Trim());

        folder.Write("answer.sh", "echo '{\"rows\": \"many\"}'");
        result = await RunAsync(Pipeline(asks, enough), (function, "sh answer.sh"));
        Assert.Contains("wrote \"many\" as 'rows', which is of type Integer", result.FailureReason, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<PlatformException>(() => RunAsync(Pipeline(asks, enough)));
        Assert.Equal("MLOPS6018", refused.Problem.Code);
    }
}
