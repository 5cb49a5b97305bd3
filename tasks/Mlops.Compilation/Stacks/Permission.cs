using System.Text.Json.Nodes;

namespace Mlops.Compilation.Stacks;

/// <summary>What a role may do, and why.</summary>
/// <param name="Element">The element of the plan that needs it, as the configuration names it: data.customers, build.train.</param>
/// <param name="Resources">ARNs, in which ${...} stands as Fn::Sub has it.</param>
internal sealed record Permission(string Element, IReadOnlyList<string> Actions, IReadOnlyList<string> Resources)
{
    /// <summary>IAM's Condition block; null: none.</summary>
    public JsonObject? Condition { get; init; }
}

/// <summary>Roles whose policies are made of permissions; the template's Metadata says which element each statement is for.</summary>
internal static class Roles
{
    private const string PolicyVersion = "2012-10-17";

    /// <summary>A role for a service, which may take it on for this account alone.</summary>
    public static void Add(StackTemplate template, string id, string service, string meaning, IReadOnlyList<Permission> permissions, string? boundary) =>
        Add(template, id, ServiceTrust(service), meaning, permissions, boundary, null);

    /// <summary>A service takes a role on for this account alone ("the confused deputy problem").</summary>
    public static JsonObject ServiceTrust(string service) => new()
    {
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["Service"] = service },
        ["Action"] = "sts:AssumeRole",
        ["Condition"] = new JsonObject { ["StringEquals"] = new JsonObject { ["aws:SourceAccount"] = Cfn.Ref("AWS::AccountId") } },
    };

    public static void Add(StackTemplate template, string id, JsonObject trust, string meaning, IReadOnlyList<Permission> permissions, string? boundary, JsonNode? name)
    {
        var properties = new JsonObject();
        if (name is not null)
            properties["RoleName"] = name;
        properties["Description"] = meaning;
        properties["AssumeRolePolicyDocument"] = Document([trust]);
        if (boundary is not null)
            properties["PermissionsBoundary"] = template.Parameter("PermissionsBoundary", "The boundary of the roles that are made.", boundary);
        var (statements, reasons) = Statements(permissions);
        properties["Policies"] = new JsonArray(new JsonObject { ["PolicyName"] = "derived", ["PolicyDocument"] = Document(statements) });
        var role = template.Add(id, "AWS::IAM::Role", properties);
        role["Metadata"] = new JsonObject { ["NeededBy"] = reasons };
    }

    public static JsonObject Document(IEnumerable<JsonObject> statements) => new() { ["Version"] = PolicyVersion, ["Statement"] = new JsonArray([.. statements]) };

    /// <summary>Permissions with the same actions, resources and condition are one statement, which several elements need.</summary>
    private static (List<JsonObject> Statements, JsonObject Reasons) Statements(IReadOnlyList<Permission> permissions)
    {
        var statements = new List<JsonObject>();
        var reasons = new JsonObject();
        foreach (var group in permissions.GroupBy(p => (string.Join(',', p.Actions.Order(StringComparer.Ordinal)), string.Join(',', p.Resources), p.Condition?.ToJsonString())))
        {
            var sid = $"S{statements.Count + 1}";
            var first = group.First();
            var statement = new JsonObject { ["Sid"] = sid, ["Effect"] = "Allow", ["Action"] = new JsonArray([.. first.Actions.Order(StringComparer.Ordinal).Select(a => JsonValue.Create(a))]) };
            statement["Resource"] = Cfn.OneOrMany(first.Resources);
            if (first.Condition is { } condition)
                statement["Condition"] = condition.DeepClone();
            statements.Add(statement);
            reasons[sid] = string.Join(", ", group.Select(p => p.Element).Distinct(StringComparer.Ordinal));
        }

        return (statements, reasons);
    }
}
