using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>Members of a job's request without which no run of it could end: found before anything starts. Source: the required members of CreateTrainingJob and its like.</summary>
public static class ArgumentCheck
{
    /// <summary>What is wrong with the first of them, in a sentence; null: nothing.</summary>
    public static string? Wrong(PipelineStep step)
    {
        foreach (var path in Required(step.Type))
        {
            if (Find(step.Arguments, path.Split('.')) is null)
                return $"The step '{step.Name}' ({step.Type}) has no {path}, which its job needs.";
        }

        return step.PropertyFiles.Where(f => !HasOutput(step, f)).Select(f => $"The property file '{f.Name}' of the step '{step.Name}' lies in its output '{f.Output}', and it has none of that name.").FirstOrDefault();
    }

    private static string[] Required(string type) => type switch
    {
        StepTypes.Training => ["AlgorithmSpecification", "OutputDataConfig.S3OutputPath"],
        StepTypes.Tuning => ["HyperParameterTuningJobConfig", "TrainingJobDefinition.AlgorithmSpecification", "TrainingJobDefinition.OutputDataConfig.S3OutputPath"],
        StepTypes.Transform => ["ModelName", "TransformInput.DataSource.S3DataSource.S3Uri", "TransformOutput.S3OutputPath"],
        StepTypes.Processing => ["AppSpecification"],
        _ => [],
    };

    private static JsonNode? Find(JsonNode? node, IEnumerable<string> path) => path.Aggregate(node, (at, name) => (at as JsonObject)?[name]);

    /// <summary>A name that a run computes is not known yet.</summary>
    private static bool HasOutput(PipelineStep step, PropertyFile file) => step.Type != StepTypes.Processing ||
        Json.Objects(step.Arguments["ProcessingOutputConfig"]?["Outputs"]).Any(o => Expression.IsExpression(o["OutputName"]) || ExpressionEvaluator.Text(o["OutputName"]) == file.Output);
}
