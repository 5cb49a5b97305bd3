using System.Text.Json.Nodes;

namespace Mlops.Definitions;

/// <summary>One step: what all types share is typed; Arguments and members of single types stay JSON.</summary>
public sealed record PipelineStep
{
    private const string If = "IfSteps";
    private const string Else = "ElseSteps";

    public required string Name { get; init; }

    /// <summary>Processing, Training, Condition, ...: SageMaker's names.</summary>
    public required string Type { get; init; }

    /// <summary>The request of the job's Create call with expressions in place of values; without the steps of a condition's branches.</summary>
    public JsonObject Arguments { get; init; } = [];

    public IReadOnlyList<string> DependsOn { get; init; } = [];

    public IReadOnlyList<PropertyFile> PropertyFiles { get; init; } = [];

    public StepCache? Cache { get; init; }

    /// <summary>Further members of the type, such as RetryPolicies or FunctionArn, unchanged.</summary>
    public JsonObject Others { get; init; } = [];

    /// <summary>Steps that run where a condition holds.</summary>
    public IReadOnlyList<PipelineStep> IfSteps { get; init; } = [];

    public IReadOnlyList<PipelineStep> ElseSteps { get; init; } = [];

    public static IReadOnlyList<PipelineStep> ListFromJson(JsonNode? node) => [.. JsonShape.Items(node, "Steps").Select(FromJson)];

    public IEnumerable<PipelineStep> WithNested() => [this, .. IfSteps.Concat(ElseSteps).SelectMany(s => s.WithNested())];

    public JsonObject ToJson()
    {
        var arguments = (JsonObject)Arguments.DeepClone();
        if (Type == StepTypes.Condition)
        {
            arguments[If] = new JsonArray([.. IfSteps.Select(s => s.ToJson())]);
            arguments[Else] = new JsonArray([.. ElseSteps.Select(s => s.ToJson())]);
        }

        var json = new JsonObject { ["Name"] = Name, ["Type"] = Type, ["Arguments"] = arguments };
        if (DependsOn.Count > 0)
            json["DependsOn"] = new JsonArray([.. DependsOn.Select(d => JsonValue.Create(d))]);
        if (PropertyFiles.Count > 0)
            json["PropertyFiles"] = new JsonArray([.. PropertyFiles.Select(p => p.ToJson())]);
        if (Cache is not null)
            json["CacheConfig"] = Cache.ToJson();
        foreach (var (name, value) in Others)
            json[name] = value?.DeepClone();
        return json;
    }

    private static PipelineStep FromJson(JsonNode? node)
    {
        var o = JsonShape.Object(node, "a step");
        var name = JsonShape.Name(o, "a step", 64);
        var arguments = (JsonObject?)(o["Arguments"] as JsonObject)?.DeepClone() ?? [];
        var step = new PipelineStep
        {
            Name = name,
            Type = JsonShape.Text(o, "Type", $"the step '{name}'"),
            DependsOn = [.. JsonShape.Items(o["DependsOn"], "DependsOn").Select(d => d?.ToString() ?? "")],
            PropertyFiles = [.. JsonShape.Items(o["PropertyFiles"], "PropertyFiles").Select(PropertyFile.FromJson)],
            Cache = o["CacheConfig"] is JsonObject cache ? StepCache.FromJson(cache) : null,
            IfSteps = ListFromJson(arguments[If]),
            ElseSteps = ListFromJson(arguments[Else]),
            Arguments = arguments,
        };
        arguments.Remove(If);
        arguments.Remove(Else);
        foreach (var (key, value) in o.Where(m => m.Key is not ("Name" or "Type" or "Arguments" or "DependsOn" or "PropertyFiles" or "CacheConfig")))
            step.Others[key] = value?.DeepClone();
        return step;
    }
}

/// <summary>A JSON file of a processing step's output that Std:JsonGet reads.</summary>
public sealed record PropertyFile(string Name, string Output, string FilePath)
{
    public static PropertyFile FromJson(JsonNode? node)
    {
        var o = JsonShape.Object(node, "a property file");
        return new(JsonShape.Text(o, "PropertyFileName", "a property file"), JsonShape.Text(o, "OutputName", "a property file"), JsonShape.Text(o, "FilePath", "a property file"));
    }

    public JsonObject ToJson() => new() { ["PropertyFileName"] = Name, ["OutputName"] = Output, ["FilePath"] = FilePath };
}

/// <param name="ExpireAfter">An ISO 8601 duration; null: never.</param>
public sealed record StepCache(bool Enabled, string? ExpireAfter)
{
    public static StepCache FromJson(JsonObject o) => new(o["Enabled"] is JsonValue v && v.TryGetValue<bool>(out var on) && on, o["ExpireAfter"]?.ToString());

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["Enabled"] = Enabled };
        if (ExpireAfter is not null)
            json["ExpireAfter"] = ExpireAfter;
        return json;
    }

    /// <summary>What is longer has no end that anybody could see.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(100 * 365);

    /// <summary>How long a result may be used again; null: without end. Public documents also write "30d".</summary>
    public TimeSpan? Lifetime()
    {
        if (ExpireAfter is null)
            return null;
        var text = ExpireAfter.ToUpperInvariant();
        try
        {
            var time = System.Xml.XmlConvert.ToTimeSpan(text.StartsWith('P') ? text : "P" + text);
            return time < Longest ? time : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new DefinitionException($"'{ExpireAfter}' is not an ISO 8601 duration such as P30D.");
        }
    }
}
