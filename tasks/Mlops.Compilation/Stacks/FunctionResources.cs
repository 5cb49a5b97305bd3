using System.Text.Json.Nodes;

namespace Mlops.Compilation.Stacks;

/// <summary>A Lambda function whose program stands in the template, with its role and its logs.</summary>
/// <param name="Stem">The beginning of the logical ids: STEMFunction, STEMRole, STEMLogs.</param>
/// <param name="Name">As Fn::Sub has it, where it refers to something.</param>
/// <param name="Program">The file beside this one that is deployed.</param>
/// <param name="Work">What its role says that it does.</param>
internal sealed record FunctionResources(string Stem, string Name, string Program, string Description, string Work)
{
    private const string Runtime = "python3.13";

    /// <summary>Of logs that no retention is given for.</summary>
    private const int LogDays = 90;

    public string Function => $"{Stem}Function";

    private string Logs => $"{Stem}Logs";

    public required int TimeoutSeconds { get; init; }

    /// <summary>Null: 128 MiB, Lambda's own.</summary>
    public int? MemoryMiB { get; init; }

    /// <param name="element">The element of the plan that needs the function.</param>
    public void Add(StackTemplate template, string element, IEnumerable<Permission> needed, JsonObject environment, Planning.PlannedAws aws)
    {
        var logs = template.Add(Logs, "AWS::Logs::LogGroup", new JsonObject { ["LogGroupName"] = Cfn.Text($"/aws/lambda/{Name}"), ["RetentionInDays"] = aws.LogDays ?? LogDays });
        logs["DeletionPolicy"] = "Delete";
        logs["UpdateReplacePolicy"] = "Delete";
        Roles.Add(template, $"{Stem}Role", "lambda.amazonaws.com", Work, [.. needed, new(element, ["logs:CreateLogStream", "logs:PutLogEvents"], [$"${{{Logs}.Arn}}"])], aws.PermissionsBoundary);
        var function = new JsonObject { ["FunctionName"] = Cfn.Text(Name), ["Description"] = Description, ["Runtime"] = Runtime, ["Handler"] = "index.handler", ["Timeout"] = TimeoutSeconds };
        if (MemoryMiB is { } memory)
            function["MemorySize"] = memory;
        function["Role"] = Cfn.GetAtt($"{Stem}Role", "Arn");
        function["Code"] = new JsonObject { ["ZipFile"] = Source(Program) };
        function["Environment"] = new JsonObject { ["Variables"] = environment };
        template.Add(Function, "AWS::Lambda::Function", function, Logs);
    }

    /// <summary>A function's program, which lies in this assembly beside the code that deploys it.</summary>
    public static string Source(string name)
    {
        using var stream = typeof(FunctionResources).Assembly.GetManifestResourceStream($"Mlops.Compilation.Stacks.{name}") ?? throw new InvalidOperationException($"The assembly has no '{name}'.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
