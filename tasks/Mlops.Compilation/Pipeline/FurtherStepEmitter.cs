using System.Text.Json.Nodes;
using Mlops.Compilation.Planning;
using Mlops.Definitions;

namespace Mlops.Compilation.Pipeline;

/// <summary>Transforms, lambda and callback steps, EMR, conditions and failures.</summary>
internal static class FurtherStepEmitter
{
    public static PipelineStep Emit(PlannedTransform step, StepShapes shapes)
    {
        var arguments = TransformShape.Arguments(
            Expression.Reference($"Steps.{ModelEmitter.CreateStep}.ModelName"), shapes.Uri(step.Data), shapes.RunUri(step.Name, "predictions"), step.ContentType, step.Accept,
            step.Split, step.Records, step.Join, step.Filter, step.OutputFilter, step.Instance, shapes.Plan.Aws.KmsKey is null ? null : Expression.Parameter(StepShapes.KmsKeyParameter));
        if (step.Environment.Count > 0)
            arguments["Environment"] = shapes.Expressions.Texts(step.Environment);
        shapes.AddTags(arguments);
        return new PipelineStep
        {
            Name = step.Name,
            Type = StepTypes.Transform,
            Arguments = arguments,
            DependsOn = step.After,
            Cache = StepShapes.Cache(step.Cache),
            Others = StepShapes.Retries(step.Retry),
        };
    }

    public static PipelineStep Emit(PlannedQuestion step, StepShapes shapes)
    {
        var others = step.Function is { } function ? new JsonObject { ["FunctionArn"] = function } : new JsonObject { ["SqsQueueUrl"] = step.Queue };
        others["OutputParameters"] = new JsonArray([.. step.Outputs.Select(o => new JsonObject { ["OutputName"] = o.Name, ["OutputType"] = o.Type.ToString() })]);
        return new PipelineStep
        {
            Name = step.Name,
            Type = step.Function is null ? StepTypes.Callback : StepTypes.Lambda,
            Arguments = shapes.Expressions.Values(step.Payload),
            DependsOn = step.After,
            Cache = StepShapes.Cache(step.Cache),
            Others = others,
        };
    }

    public static PipelineStep Emit(PlannedEmr step, StepShapes shapes)
    {
        var jar = new JsonObject { ["Jar"] = step.Jar };
        if (step.Arguments.Count > 0)
            jar["Args"] = new JsonArray([.. step.Arguments.Select(shapes.Expressions.Text)]);
        if (step.MainClass is not null)
            jar["MainClass"] = step.MainClass;
        if (step.Properties.Count > 0)
            jar["Properties"] = new JsonArray([.. step.Properties.Select(p => new JsonObject { ["Key"] = p.Key, ["Value"] = shapes.Expressions.Text(p.Value) })]);
        return new PipelineStep
        {
            Name = step.Name,
            Type = StepTypes.Emr,
            Arguments = new JsonObject { ["ClusterId"] = step.Cluster, ["StepConfig"] = new JsonObject { ["HadoopJarStep"] = jar } },
            DependsOn = step.After,
            Cache = StepShapes.Cache(step.Cache),
        };
    }

    /// <param name="emit">Emits the steps of the branches.</param>
    public static PipelineStep Emit(PlannedCondition step, StepShapes shapes, Func<PlannedNode, PipelineStep> emit) => new()
    {
        Name = step.Name,
        Type = StepTypes.Condition,
        Arguments = new JsonObject { ["Conditions"] = new JsonArray([.. step.Tests.SelectMany(t => Conditions(t, shapes))]) },
        DependsOn = step.After,
        IfSteps = [.. step.Then.Select(emit)],
        ElseSteps = [.. step.Else.Select(emit)],
    };

    public static PipelineStep Emit(PlannedFail step, StepShapes shapes) => new()
    {
        Name = step.Name,
        Type = StepTypes.Fail,
        Arguments = new JsonObject { ["ErrorMessage"] = shapes.Expressions.Text(step.Message) },
        DependsOn = step.After,
    };

    private static IEnumerable<JsonNode> Conditions(PlannedComparison test, StepShapes shapes)
    {
        if (test.Min is { } min)
            yield return Comparison("GreaterThanOrEqualTo", JsonValue.Create(min));
        if (test.Max is { } max)
            yield return Comparison("LessThanOrEqualTo", JsonValue.Create(max));
        if (test.EqualTo is { } equal)
            yield return Comparison("Equals", TypedValue.Of(equal, test.Type));
        if (test.In is { } values)
            yield return new JsonObject { ["Type"] = "In", ["QueryValue"] = shapes.Expressions.Value(test.Value), ["Values"] = new JsonArray([.. values.Select(v => TypedValue.Of(v, test.Type))]) };

        JsonObject Comparison(string type, JsonNode right) => new() { ["Type"] = type, ["LeftValue"] = shapes.Expressions.Value(test.Value), ["RightValue"] = right };
    }
}
