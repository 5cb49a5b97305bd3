using Amazon.CloudFormation.Model;

namespace Mlops.Platform.Aws.Stacks;

/// <param name="TemplateUrl">Null: the template goes with the request.</param>
internal sealed record StackRequest(string Name, StackTemplateFile Template, string? TemplateUrl, IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>What is there already and becomes the stack's; null: the request makes what its template says.</summary>
    public ResourceToImport? Imported { get; private init; }

    /// <summary>A stack of one resource that is there: the next request adds the others.</summary>
    public static StackRequest Import(string name, StackTemplateFile template, string resource, string nameProperty, string identifier, string value)
    {
        var type = template.Resources.First(r => r.Id == resource).Type;
        return new StackRequest(name, template.Alone(resource, nameProperty), null, new Dictionary<string, string>(), new Dictionary<string, string>())
        {
            Imported = new ResourceToImport { LogicalResourceId = resource, ResourceType = type, ResourceIdentifier = new Dictionary<string, string> { [identifier] = value } },
        };
    }
}
