using System.Text.Json;
using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Aws.Pipelines;

/// <summary>A pipeline's definition as it was published: its hash stands in the pipeline's description, so that what somebody else changed since is seen.</summary>
internal static class PublishedDefinition
{
    private const string Mark = "Published by Mlops.Sdk, definition sha256:";

    /// <summary>Of a pipeline that has this definition. A description that somebody wrote stays.</summary>
    /// <param name="there">What it has; null: none.</param>
    public static string Description(string? there, string definition) => string.IsNullOrEmpty(there) || there.StartsWith(Mark, StringComparison.Ordinal) ? Mark + Hash(definition) : there;

    /// <summary>Whether it is known to be another one than was published.</summary>
    public static bool IsChanged(string? description, string? definition) =>
        description?.StartsWith(Mark, StringComparison.Ordinal) == true && definition is not null && description != Mark + Hash(definition);

    public static bool AreSame(string? there, string text) => there == text || (there is not null && Canonical(there) is { } known && known == Canonical(text));

    private static string Hash(string definition) => Digest.Of(Canonical(definition) ?? definition);

    private static string? Canonical(string definition)
    {
        try
        {
            return Json.Canonical(JsonNode.Parse(definition));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
