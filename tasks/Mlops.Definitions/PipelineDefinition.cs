using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>
/// SageMaker's pipeline definition, version 2020-12-01: a typed envelope around open step arguments, so that documents
/// of other tools pass through unchanged.
/// </summary>
public sealed record PipelineDefinition
{
    public const string CurrentVersion = "2020-12-01";

    public IReadOnlyList<PipelineParameter> Parameters { get; init; } = [];

    public JsonObject? ExperimentConfig { get; init; }

    public required IReadOnlyList<PipelineStep> Steps { get; init; }

    /// <summary>Every step, those within conditions included, in the order of the document.</summary>
    public IEnumerable<PipelineStep> AllSteps => Steps.SelectMany(s => s.WithNested());

    public static PipelineDefinition Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    public static PipelineDefinition Parse(ReadOnlySpan<byte> utf8, string what = "The pipeline definition")
    {
        var root = Json.ReadObject(utf8, what);
        var version = root["Version"] as JsonValue;
        if (version is not null && version.ToString() != CurrentVersion)
            throw new DefinitionException($"{what} has the version '{version}'; '{CurrentVersion}' is known.");
        var definition = new PipelineDefinition
        {
            Parameters = [.. JsonShape.Items(root["Parameters"], "Parameters").Select(PipelineParameter.FromJson)],
            ExperimentConfig = root["PipelineExperimentConfig"] as JsonObject,
            Steps = PipelineStep.ListFromJson(root["Steps"] ?? throw new DefinitionException($"{what} has no 'Steps'.")),
        };
        if (definition.Parameters.GroupBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new DefinitionException($"Two parameters are called '{same.Key}'.");
        var twice = definition.AllSteps.GroupBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? definition : throw new DefinitionException($"Two steps are called '{twice.Key}'.");
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["Version"] = CurrentVersion, ["Metadata"] = new JsonObject() };
        json["Parameters"] = new JsonArray([.. Parameters.Select(p => p.ToJson())]);
        if (ExperimentConfig is not null)
            json["PipelineExperimentConfig"] = ExperimentConfig.DeepClone();
        json["Steps"] = new JsonArray([.. Steps.Select(s => s.ToJson())]);
        return json;
    }

    /// <summary>The same document with defaults for parameters that belong to a place.</summary>
    public PipelineDefinition WithDefaults(IReadOnlyDictionary<string, JsonNode> defaults) =>
        this with { Parameters = [.. Parameters.Select(p => defaults.TryGetValue(p.Name, out var value) ? p with { Default = value.DeepClone() } : p)] };

    /// <summary>The same document with the values of a start request as defaults.</summary>
    public PipelineDefinition WithValues(IReadOnlyDictionary<string, string> values) =>
        this with { Parameters = [.. Parameters.Select(p => values.TryGetValue(p.Name, out var text) ? p with { Default = p.Read(text) } : p)] };
}

/// <param name="Type">String, Integer, Float or Boolean.</param>
/// <param name="Default">Null: a run must give a value.</param>
/// <param name="Allowed">EnumValues: strings only; empty: any.</param>
public sealed record PipelineParameter(string Name, string Type, JsonNode? Default, IReadOnlyList<string> Allowed)
{
    private static readonly string[] Types = ["String", "Integer", "Float", "Boolean"];

    public static PipelineParameter FromJson(JsonNode? node)
    {
        var o = JsonShape.Object(node, "a parameter");
        var name = JsonShape.Name(o, "a parameter", 256);
        var parameter = new PipelineParameter(name, JsonShape.Text(o, "Type", $"the parameter '{name}'"), o["DefaultValue"]?.DeepClone(), [.. JsonShape.Items(o["EnumValues"], "EnumValues").Select(v => v?.ToString() ?? "")]);
        if (!Types.Contains(parameter.Type))
            throw new DefinitionException($"The parameter '{name}' has the type '{parameter.Type}'; there are {string.Join(", ", Types)}.");
        if (parameter.Default is { } value && !parameter.Takes(value))
            throw new DefinitionException($"The parameter '{name}' is {(parameter.Allowed.Count > 0 ? "one of " + string.Join(", ", parameter.Allowed) : $"of the type {parameter.Type}")}, and its default is {value.ToJsonString()}.");
        return parameter;
    }

    /// <summary>Values of a start request are strings; the type says what they mean.</summary>
    public JsonNode Read(string text) => Type switch
    {
        "Integer" => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
        "Float" => Number(text),
        "Boolean" => JsonValue.Create(text == "true"),
        _ => JsonValue.Create(text),
    };

    /// <summary>In the form that it was given, where JSON has it: 1.0 is shown as the default 1.0 is.</summary>
    private static JsonNode Number(string text)
    {
        var value = double.Parse(text, CultureInfo.InvariantCulture);
        try
        {
            return JsonNode.Parse(text) is JsonValue given && given.GetValueKind() == JsonValueKind.Number ? given : JsonValue.Create(value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);
        }
    }

    private bool Takes(JsonNode value) => Type switch
    {
        _ when Allowed.Count > 0 && !Allowed.Contains(value.ToString()) => false,
        "String" => value.GetValueKind() == JsonValueKind.String,
        "Boolean" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "Integer" => Json.Number(value) is { } number && number == Math.Floor(number),
        _ => Json.Number(value) is not null,
    };

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["Name"] = Name, ["Type"] = Type };
        if (Default is not null)
            json["DefaultValue"] = Default.DeepClone();
        if (Allowed.Count > 0)
            json["EnumValues"] = new JsonArray([.. Allowed.Select(a => JsonValue.Create(a))]);
        return json;
    }
}
