using System.Text.Json.Nodes;
using Mlops.Definitions;

namespace Mlops.Platform.Local.Execution;

/// <summary>One thing in which two runs of a step differ, in the reader's words.</summary>
/// <param name="What">Such as "hyperparameter 'eta'" or "input 'train'".</param>
/// <param name="Before">As JSON; null: it was not there. Content of files is its hash.</param>
public sealed record ContentChange(string What, string? Before, string? After)
{
    private const int HashLength = 64;

    /// <summary>What names a member of a list, by the list.</summary>
    private static readonly Dictionary<string, (string Key, string Word)> Lists = new(StringComparer.Ordinal)
    {
        ["ProcessingInputs"] = ("InputName", "input"),
        ["InputDataConfig"] = ("ChannelName", "input"),
        ["Outputs"] = ("OutputName", "output"),
    };

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["HyperParameters"] = "hyperparameter",
        ["StaticHyperParameters"] = "hyperparameter",
        ["Environment"] = "environment variable",
    };

    /// <param name="before">What decided a step's result, as its fingerprint writes it.</param>
    public static IReadOnlyList<ContentChange> Between(string before, string after)
    {
        var found = new List<ContentChange>();
        Compare([], JsonNode.Parse(before), JsonNode.Parse(after), found);
        return [.. found.DistinctBy(c => c.What)];
    }

    public override string ToString() => (Before, After) switch
    {
        (null, _) => $"{What} is new",
        (_, null) => $"{What} is gone",
        _ when IsHash(Before) || IsHash(After) || Before.Length + After.Length > HashLength => $"{What} changed",
        _ => $"{What} changed from {Before} to {After}",
    };

    private static bool IsHash(string text) => text.Length >= HashLength && text.Trim('"').All(char.IsAsciiHexDigit);

    private static void Compare(string[] path, JsonNode? before, JsonNode? after, List<ContentChange> found)
    {
        if (JsonNode.DeepEquals(before, after))
            return;
        if (before is JsonObject first && after is JsonObject second)
        {
            foreach (var name in first.Select(m => m.Key).Union(second.Select(m => m.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal))
                Compare([.. path, name], first[name], second[name], found);
        }
        else if (before is JsonArray && after is JsonArray && Lists.TryGetValue(path[^1], out var list))
        {
            var (olds, news) = (Named((JsonArray)before, list.Key), Named((JsonArray)after, list.Key));
            foreach (var name in olds.Keys.Union(news.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
                AddMember(name == "code" ? "code" : $"{list.Word} '{name}'", olds.GetValueOrDefault(name), news.GetValueOrDefault(name), found);
        }
        else
        {
            Add(Name(path), before, after, found);
        }
    }

    /// <summary>Where only the content differs, its hash says all.</summary>
    private static void AddMember(string what, JsonNode? before, JsonNode? after, List<ContentChange> found)
    {
        var (old, now) = (before?.DeepClone(), after?.DeepClone());
        var (first, second) = (TakeContent(old), TakeContent(now));
        if (first is not null && second is not null && JsonNode.DeepEquals(old, now))
            Add(what, first, second, found);
        else
            Add(what, before, after, found);
    }

    private static JsonNode? TakeContent(JsonNode? member)
    {
        var input = (member?["S3Input"] ?? member?["DataSource"]?["S3DataSource"]) as JsonObject;
        return input is not null && input.Remove("S3Uri", out var content) ? content : null;
    }

    private static void Add(string what, JsonNode? before, JsonNode? after, List<ContentChange> found)
    {
        if (!JsonNode.DeepEquals(before, after))
            found.Add(new ContentChange(what, Text(before), Text(after)));
    }

    /// <summary>A text without its quotes: hyperparameters are texts that often hold JSON of their own.</summary>
    private static string? Text(JsonNode? node) => node is JsonValue value ? value.ToString() : node?.ToJsonString();

    private static Dictionary<string, JsonNode?> Named(JsonArray array, string key) =>
        array.OfType<JsonObject>().GroupBy(o => Json.Text(o[key])).ToDictionary(g => g.Key, g => (JsonNode?)g.First(), StringComparer.Ordinal);

    private static string Name(string[] path) => path switch
    {
        ["Interpreter"] => "the interpreter",
        ["Target"] => "the stand-in",
        [.., "sagemaker_submit_directory"] => "code",
        [.., "ImageUri" or "TrainingImage"] => "the image",
        [.., "ContainerArguments"] => "the arguments",
        [.., var list, var name] when Words.TryGetValue(list, out var word) => $"{word} '{name}'",
        ["Arguments", .. var rest] => string.Join('.', rest),
        _ => string.Join('.', path),
    };
}
