using System.Text.RegularExpressions;

namespace Mlops.Definitions;

/// <summary>Names that the templates give, and by which the platform finds again what they made, also when their stack is gone.</summary>
public static partial class ResourceNames
{
    /// <summary>The bucket that the stack of the build makes.</summary>
    /// <param name="account">A number, or what stands for it in a template.</param>
    /// <param name="region">A name, or what stands for it in a template.</param>
    public static string Bucket(string model, string account, string region) => $"{model}-{account}-{region}";

    /// <summary>The repository of the C# program's images.</summary>
    public static string Repository(string model) => $"{model}-program";

    /// <summary>The stack of a stage.</summary>
    public static string Stack(string model, string stage) => $"{model}-{stage}";

    /// <summary>The model package group that a request means: it takes a name or an ARN ("ModelPackageGroupName" of CreateModelPackage).</summary>
    public static string GroupOf(string nameOrArn) => nameOrArn.StartsWith("arn:", StringComparison.Ordinal) ? LastPart(nameOrArn) : nameOrArn;

    /// <summary>What stands behind the last '/' of an ARN or a path: a name, an id, a version.</summary>
    public static string LastPart(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    /// <summary>Whether a group can be called so (EntityName of SageMaker's API).</summary>
    public static bool IsGroup(string name) => name.Length <= 63 && Entity().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9](-*[A-Za-z0-9])*\z")]
    private static partial Regex Entity();
}
