using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What a build gives the parameters of a template.</summary>
internal static class StackParameters
{
    /// <summary>With those that CloudFormation knows of every stack.</summary>
    public static IReadOnlyDictionary<string, string> In(string account, string region, IReadOnlyDictionary<string, string> parameters) =>
        new Dictionary<string, string>(parameters, StringComparer.Ordinal) { ["AWS::AccountId"] = account, ["AWS::Region"] = region };

    public static (IReadOnlyDictionary<string, string> Parameters, IReadOnlyDictionary<string, string> Tags) Read(string artifacts, string file, string template)
    {
        var path = Path.Combine(artifacts, file);
        if (!File.Exists(path))
            throw AwsErrors.ArtifactMissing(file).ToException();
        var values = Json.ReadObject(File.ReadAllBytes(path), file)[template];
        return (Texts(values?["Parameters"]), Texts(values?["Tags"]));

        static Dictionary<string, string> Texts(JsonNode? node) => (node as JsonObject ?? []).ToDictionary(v => v.Key, v => v.Value!.ToString(), StringComparer.Ordinal);
    }
}
