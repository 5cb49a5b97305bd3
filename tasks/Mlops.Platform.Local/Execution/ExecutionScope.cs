using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mlops.Definitions;
using Mlops.Platform.Local.Storage;

namespace Mlops.Platform.Local.Execution;

/// <summary>The values that expressions see: parameters, variables of the execution, and what finished steps left.</summary>
internal sealed partial class ExecutionScope(PipelineDefinition definition, JsonObject parameters, JsonObject variables, LocalObjectStore objects) : IExpressionScope
{
    private readonly ConcurrentDictionary<string, JsonObject> properties = new(StringComparer.Ordinal);

    public void Finished(string step, JsonObject stepProperties) => properties[step] = stepProperties;

    public JsonNode? Parameter(string name) => parameters[name];

    public JsonNode? ExecutionVariable(string name) => variables[name];

    public JsonObject? StepProperties(string step) => properties.GetValueOrDefault(step);

    /// <summary>The properties of the Model step that made a model.</summary>
    public JsonObject Model(string name) => definition.AllSteps.Where(s => s.Type == StepTypes.Model).Select(s => StepProperties(s.Name)).FirstOrDefault(p => p is not null && Json.Text(p["ModelName"]) == name)
        ?? throw new DefinitionException($"No step of this pipeline made the model '{name}': a model of an account is not here.");

    /// <summary>What json.dumps of Python writes for values that JSON does not have.</summary>
    [GeneratedRegex(@"(?:""(?<name>[^""]*)""\s*:\s*(?:\{\s*""value""\s*:\s*)?)?(?<value>-?Infinity|NaN)\b")]
    private static partial Regex NotANumber();

    /// <summary>The path of a number beyond what a double holds, such as 1e400; null: there is none.</summary>
    private static string? Infinite(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(m => Infinite(m.Value)).FirstOrDefault(p => p is not null),
        JsonArray a => a.Select(Infinite).FirstOrDefault(p => p is not null),
        JsonValue v when v.GetValueKind() == JsonValueKind.Number && !double.IsFinite(v.GetValue<double>()) => v.GetPath()[2..],
        _ => null,
    };

    public JsonNode PropertyFile(string step, string name)
    {
        var declared = definition.AllSteps.FirstOrDefault(s => s.Name == step)?.PropertyFiles.FirstOrDefault(f => f.Name == name)
            ?? throw new DefinitionException($"The step '{step}' has no property file '{name}'.");
        var output = Json.Objects(StepProperties(step)?["ProcessingOutputConfig"]?["Outputs"]).FirstOrDefault(o => Json.Text(o["OutputName"]) == declared.Output);
        var uri = Json.Text(output?["S3Output"]?["S3Uri"] ?? throw new DefinitionException($"The step '{step}' has not written '{declared.Output}'."));
        var folder = Path.GetFullPath(objects.ExistingPathOf(uri));
        var path = Path.GetFullPath(Path.Combine(folder, declared.FilePath));
        if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new DefinitionException($"The property file '{name}' of the step '{step}' leads out of its output: '{declared.FilePath}'.");
        return Read(path, $"'{declared.FilePath}' of the step '{step}'",
            $"The step '{step}' did not write '{declared.FilePath}' into its output '{declared.Output}'.");
    }

    public JsonNode Document(string s3Uri) => Read(objects.PathOf(s3Uri), $"'{s3Uri}'", $"'{s3Uri}', which Std:JsonGet reads, is not there.");

    public JsonNode? Experiment(string name) => definition.ExperimentConfig?[name];

    private static JsonNode Read(string path, string what, string missing)
    {
        try
        {
            var report = JsonNode.Parse(File.ReadAllBytes(path)) ?? throw new DefinitionException($"{what} is empty.");
            return Infinite(report) is not { } infinite ? report
                : throw new DefinitionException($"'{infinite}' in {what} is no finite number.");
        }
        catch (JsonException e)
        {
            var number = NotANumber().Match(File.ReadAllText(path));
            throw new DefinitionException(number.Success
                ? $"{what} has the value {number.Groups["value"].Value}{(number.Groups["name"].Success ? $" for '{number.Groups["name"].Value}'" : "")}, which is no number of JSON: the metric could not be computed."
                : $"{what} is not JSON, line {e.LineNumber + 1}: {e.Message.Split(" LineNumber:")[0]}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || (e is UnauthorizedAccessException && Directory.Exists(path)))
        {
            throw new DefinitionException(missing);
        }
    }

    /// <summary>
    /// Every number of the property files that were written, by its path. One that cannot be read has none: whoever asks it for a value is told why.
    /// </summary>
    /// <param name="of">Whether a step counts.</param>
    public IReadOnlyDictionary<string, double> ReportedMetrics(Func<string, bool> of)
    {
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var step in definition.AllSteps.Where(s => s.PropertyFiles.Count > 0 && properties.ContainsKey(s.Name) && of(s.Name)))
        {
            foreach (var file in step.PropertyFiles)
            {
                foreach (var (path, value) in NumbersOf(step.Name, file.Name))
                    metrics[path] = value;
            }
        }

        return metrics;
    }

    private IEnumerable<KeyValuePair<string, double>> NumbersOf(string step, string file)
    {
        try
        {
            return EvaluationReport.Numbers(PropertyFile(step, file));
        }
        catch (Exception e) when (e is DefinitionException or PlatformException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
