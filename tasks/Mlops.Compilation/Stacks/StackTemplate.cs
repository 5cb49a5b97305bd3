using System.Text.Json.Nodes;

namespace Mlops.Compilation.Stacks;

/// <summary>
/// A CloudFormation template while it is made: parameters, resources and outputs by logical id, in the order in which they were added.
/// A parameter comes with the value that the configuration gives it, for the file of parameters; what only publishing knows has none.
/// </summary>
internal sealed class StackTemplate(string description)
{
    public string Description { get; } = description;

    public JsonObject Parameters { get; } = [];

    public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    public JsonObject Conditions { get; } = [];

    public JsonObject Resources { get; } = [];

    public JsonObject Outputs { get; } = [];

    /// <summary>Declares a parameter, once, and refers to it.</summary>
    /// <param name="value">What the configuration says; null: publishing fills it in.</param>
    public JsonObject Parameter(string name, string meaning, string? value = null, string type = "String")
    {
        Parameters[name] = new JsonObject { ["Type"] = type, ["Description"] = meaning };
        if (value is not null)
            Values[name] = value;
        return Cfn.Ref(name);
    }

    public JsonObject Number(string name, string meaning, double value) =>
        Parameter(name, meaning, value.ToString(System.Globalization.CultureInfo.InvariantCulture), "Number");

    public JsonObject List(string name, string meaning, IEnumerable<string> values) => Parameter(name, meaning, string.Join(',', values), "CommaDelimitedList");

    /// <returns>The resource, for attributes such as DeletionPolicy.</returns>
    public JsonObject Add(string id, string type, JsonObject properties, params string[] dependsOn)
    {
        var resource = new JsonObject { ["Type"] = type };
        if (dependsOn.Length > 0)
            resource["DependsOn"] = new JsonArray([.. dependsOn.Select(d => JsonValue.Create(d))]);
        resource["Properties"] = properties;
        Resources[id] = resource;
        return resource;
    }

    public void Output(string name, string meaning, JsonNode value) => Outputs[name] = new JsonObject { ["Description"] = meaning, ["Value"] = value };

    /// <summary>Takes out the parameters that nothing refers to: which those are is known at the end.</summary>
    public StackTemplate WithoutUnused()
    {
        var text = new JsonArray(Conditions.DeepClone(), Resources.DeepClone(), Outputs.DeepClone()).ToJsonString();
        foreach (var name in Parameters.Select(p => p.Key).Where(n => !text.Contains($"{{\"Ref\":\"{n}\"}}", StringComparison.Ordinal) && !text.Contains($"${{{n}}}", StringComparison.Ordinal)).ToList())
        {
            Parameters.Remove(name);
            Values.Remove(name);
        }

        return this;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["AWSTemplateFormatVersion"] = "2010-09-09", ["Description"] = Description };
        foreach (var (name, part) in new[] { ("Parameters", Parameters), ("Conditions", Conditions), ("Resources", Resources), ("Outputs", Outputs) })
        {
            if (part.Count > 0)
                json[name] = part.DeepClone();
        }

        return json;
    }
}
