using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>The values that expressions see: parameters, variables of the execution, and what finished steps left.</summary>
internal sealed class ExecutionScope(PipelineDefinition definition, JsonObject parameters, JsonObject variables, LocalObjectStore objects) : IExpressionScope
{
    private readonly ConcurrentDictionary<string, JsonObject> properties = new(StringComparer.Ordinal);

    public void Finished(string step, JsonObject stepProperties) => properties[step] = stepProperties;

    public JsonNode? Parameter(string name) => parameters[name];

    public JsonNode? ExecutionVariable(string name) => variables[name];

    public JsonObject? StepProperties(string step) => properties.GetValueOrDefault(step);

    /// <summary>The properties of the Model step that made a model.</summary>
    public JsonObject Model(string name) => definition.AllSteps.Where(s => s.Type == StepTypes.Model).Select(s => StepProperties(s.Name)).FirstOrDefault(p => p is not null && StepContext.Text(p["ModelName"]) == name)
        ?? throw new DefinitionException($"No step of this pipeline made the model '{name}': a model of an account is not here.");

    public JsonNode PropertyFile(string step, string name)
    {
        var declared = definition.AllSteps.FirstOrDefault(s => s.Name == step)?.PropertyFiles.FirstOrDefault(f => f.Name == name)
            ?? throw new DefinitionException($"The step '{step}' has no property file '{name}'.");
        var output = ProcessingJob.Items(StepProperties(step)?["ProcessingOutputConfig"]?["Outputs"]).FirstOrDefault(o => StepContext.Text(o["OutputName"]) == declared.Output);
        var uri = StepContext.Text(output?["S3Output"]?["S3Uri"] ?? throw new DefinitionException($"The step '{step}' has not written '{declared.Output}'."));
        var path = Path.Combine(objects.ExistingPathOf(uri), declared.FilePath);
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) ?? throw new DefinitionException($"'{declared.FilePath}' of the step '{step}' is empty.");
        }
        catch (JsonException e)
        {
            throw new DefinitionException($"'{declared.FilePath}' of the step '{step}' is not JSON: {e.Message}");
        }
        catch (FileNotFoundException)
        {
            throw new DefinitionException($"The step '{step}' did not write '{declared.FilePath}' into its output '{declared.Output}'.");
        }
    }

    /// <summary>Every number of every property file that was written, by its path.</summary>
    public IReadOnlyDictionary<string, double> ReportedMetrics()
    {
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var step in definition.AllSteps.Where(s => s.PropertyFiles.Count > 0 && properties.ContainsKey(s.Name)))
        {
            foreach (var file in step.PropertyFiles)
                Flatten(PropertyFile(step.Name, file.Name), "", metrics);
        }

        return metrics;
    }

    private static void Flatten(JsonNode? node, string path, SortedDictionary<string, double> metrics)
    {
        switch (node)
        {
            case JsonObject o:
                foreach (var (name, value) in o)
                    Flatten(value, path.Length == 0 ? name : $"{path}.{name}", metrics);
                break;
            case JsonValue v when Json.Number(v) is { } number:
                metrics[path] = number;
                break;
        }
    }
}
