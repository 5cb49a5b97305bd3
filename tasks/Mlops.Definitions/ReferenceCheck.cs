namespace Mlops.Definitions;

/// <summary>References of a step that no run could follow: found before anything starts.</summary>
public static class ReferenceCheck
{
    private static readonly string[] Variables = ["CurrentDateTime", "PipelineArn", "PipelineExecutionArn", "PipelineExecutionId", "PipelineName", "ProcessingJobName", "StartDateTime", "TrainingJobName"];

    /// <summary>What is wrong with the first of them, in a sentence; null: nothing that can be known before a run.</summary>
    public static string? Dangling(PipelineDefinition definition, PipelineStep step)
    {
        foreach (var path in Expression.References(step.Arguments).Concat(Expression.References(step.Others)))
        {
            if (Wrong(definition, PropertyPath.Parse(path)) is { } wrong)
                return $"The step '{step.Name}' refers to '{path}': {wrong}";
        }

        return null;
    }

    private static string? Wrong(PipelineDefinition definition, string[] parts)
    {
        switch (parts)
        {
            case ["Parameters", var name] when definition.Parameters.All(p => p.Name != name):
                return $"there is no such parameter. There are: {Listed(definition.Parameters.Select(p => p.Name))}.";
            case ["Execution", var name] when !Variables.Contains(name):
                return $"there is no such execution variable. There are: {Listed(Variables)}.";
            case ["Steps", var name, ..] when definition.AllSteps.All(s => s.Name != name):
                return $"there is no such step. There are: {Listed(definition.AllSteps.Select(s => s.Name))}.";
            case ["Steps", var name, "PropertyFiles", var file]:
                var files = definition.AllSteps.First(s => s.Name == name).PropertyFiles.Select(f => f.Name).ToList();
                return files.Contains(file) ? null : $"the step has no such property file. It has: {Listed(files)}.";
            case ["Steps", var name, "ProcessingOutputConfig", "Outputs", var output, ..] when !output.All(char.IsAsciiDigit):
                var outputs = Json.Objects(definition.AllSteps.First(s => s.Name == name).Arguments["ProcessingOutputConfig"]?["Outputs"]).Select(o => o["OutputName"]).ToList();
                // A name that a run computes is not known yet.
                return outputs.Any(o => Expression.IsExpression(o) || Json.Text(o) == output) ? null : $"the step has no such output. It has: {Listed(outputs.Select(Json.Text))}.";
            case ["Steps", var name, "OutputParameters", var output]:
                var declared = Json.Objects(definition.AllSteps.First(s => s.Name == name).Others["OutputParameters"]).Select(o => Json.Text(o["OutputName"])).ToList();
                return declared.Contains(output) ? null : $"the step has no such output. It has: {Listed(declared)}.";
            case ["Parameters", _] or ["Execution", _] or ["PipelineExperimentConfig", "ExperimentName" or "TrialName"] or ["Steps", _, _, ..]:
                return null;
            default:
                return "a pipeline has Parameters.NAME, Execution.NAME, PipelineExperimentConfig.ExperimentName and .TrialName, and Steps.NAME.PROPERTY.";
        }
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
