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

    /// <summary>Lets a role be handed on to SageMaker's jobs by itself: a policy beside it, since a role cannot name itself before it is there.</summary>
    public static void AddPassing(StackTemplate template, string id, string role) => template.Add(id, "AWS::IAM::Policy", new JsonObject
    {
        ["PolicyName"] = "pass",
        ["Roles"] = new JsonArray(Cfn.Ref(role)),
        ["PolicyDocument"] = Document([new JsonObject
        {
            ["Sid"] = "PassToJobs",
            ["Effect"] = "Allow",
            ["Action"] = "iam:PassRole",
            ["Resource"] = Cfn.GetAtt(role, "Arn"),
            ["Condition"] = new JsonObject { ["StringEquals"] = new JsonObject { ["iam:PassedToService"] = "sagemaker.amazonaws.com" } },
        }]),
    });

    public static JsonObject Document(IEnumerable<JsonObject> statements) => new() { ["Version"] = PolicyVersion, ["Statement"] = new JsonArray([.. statements]) };

    /// <summary>
    /// What several elements need is one statement: a role's policies have 10,240 characters together (IAM quotas), and a model may have many
    /// data sets.
    /// </summary>
    private static (List<JsonObject> Statements, JsonObject Reasons) Statements(IReadOnlyList<Permission> permissions)
    {
        var statements = new List<JsonObject>();
        var reasons = new JsonObject();
        foreach (var (first, elements) in Merged(permissions))
        {
            var sid = $"S{statements.Count + 1}";
            var statement = new JsonObject { ["Sid"] = sid, ["Effect"] = "Allow", ["Action"] = new JsonArray([.. first.Actions.Order(StringComparer.Ordinal).Select(a => JsonValue.Create(a))]) };
            statement["Resource"] = Cfn.OneOrMany(first.Resources);
            if (first.Condition is { } condition)
                statement["Condition"] = condition.DeepClone();
            statements.Add(statement);
            reasons[sid] = string.Join(", ", elements);
        }

        return (statements, reasons);
    }

    /// <summary>The same of the same resources under any of several values, then the same of several resources: neither allows more than its parts.</summary>
    private static IEnumerable<(Permission Permission, IReadOnlyList<string> Elements)> Merged(IReadOnlyList<Permission> permissions)
    {
        var byValue = permissions
            .GroupBy(p => (Actions: Actions(p), Resources: string.Join(',', p.Resources), Key: ValuesKey(p.Condition) ?? p.Condition?.ToJsonString()))
            .Select(g => (Permission: g.First() with { Condition = AnyOf([.. g.Select(p => p.Condition)]) }, Elements: g.Select(p => p.Element)));
        return byValue
            .GroupBy(p => (Actions(p.Permission), p.Permission.Condition?.ToJsonString()))
            .Select(g => (g.First().Permission with { Resources = [.. g.SelectMany(p => p.Permission.Resources).Distinct(StringComparer.Ordinal)] },
                (IReadOnlyList<string>)[.. g.SelectMany(p => p.Elements).Distinct(StringComparer.Ordinal)]));

        static string Actions(Permission permission) => string.Join(',', permission.Actions.Order(StringComparer.Ordinal));
    }

    /// <summary>What a condition compares, where that is one key by one operator; its values are alternatives ("Evaluation logic for multiple values").</summary>
    private static string? ValuesKey(JsonObject? condition) =>
        condition is { Count: 1 } && condition.First() is { Value: JsonObject { Count: 1 } keys } test ? $"{test.Key} {keys.First().Key}" : null;

    private static JsonObject? AnyOf(IReadOnlyList<JsonObject?> conditions)
    {
        if (ValuesKey(conditions[0]) is null)
            return conditions[0];
        var (test, keys) = conditions[0]!.First();
        var key = keys!.AsObject().First().Key;
        var values = conditions.SelectMany(c => c![test]![key] is JsonArray many ? many.AsEnumerable() : [c[test]![key]]).DistinctBy(v => v!.ToJsonString()).Select(v => v!.DeepClone()).ToArray();
        return new JsonObject { [test] = new JsonObject { [key] = values.Length == 1 ? values[0] : new JsonArray(values) } };
    }
}
