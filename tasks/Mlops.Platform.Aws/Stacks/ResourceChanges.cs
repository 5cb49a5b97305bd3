using Amazon.CloudFormation.Model;
using Mlops.Platform.Events;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>What a change set does to each resource, as a reader wants to know it: old value -> new value.</summary>
internal static class ResourceChanges
{
    /// <summary>Of a value that is shown.</summary>
    private const int LongestValue = 60;

    /// <summary>Of what two long values begin with alike, so much is shown.</summary>
    private const int LeadingCharacters = 20;

    /// <summary>What CloudFormation says of a value that it learns only while it works (DescribeChangeSet).</summary>
    private const string KnownLater = "{{changeSet:KNOWN_AFTER_APPLY}}";

    public static List<PlannedChange> Of(string stack, DescribeChangeSetResponse changeSet) => [.. (changeSet.Changes ?? []).Select(c => c.ResourceChange).OfType<ResourceChange>().Select(c => Change(stack, c))];

    private static PlannedChange Change(string stack, ResourceChange change)
    {
        var action = change.Action?.Value switch { "Add" => "Add", "Remove" => "Remove", _ when change.Replacement?.Value is "True" or "Conditional" => "Replace", _ => "Change" };
        var properties = (change.Details ?? []).Select(d => d.Target).OfType<ResourceTargetDefinition>().Select(Property).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        return new PlannedChange(action, "resource", $"{stack}/{change.LogicalResourceId}", properties.Count == 0 ? change.ResourceType : $"{change.ResourceType}: {string.Join("; ", properties)}");
    }

    /// <summary>A property with its values, where CloudFormation knows them; what it only learns while it works has none.</summary>
    private static string? Property(ResourceTargetDefinition target)
    {
        if (target.Path is not { } path || (target.BeforeValue ?? target.AfterValue) is null)
            return target.Name;
        // What both begin with is cut first: the difference is what the reader looks for.
        var (before, after) = (target.BeforeValue, target.AfterValue);
        var alike = before is null || after is null || (before.Length <= LongestValue && after.Length <= LongestValue) ? 0 : before.Zip(after).TakeWhile(p => p.First == p.Second).Count();
        return $"{path.Replace("/Properties/", "", StringComparison.Ordinal).Replace('/', '.')}: {Shown(before)} -> {Shown(after)}";

        string Shown(string? value)
        {
            if (value is null or KnownLater)
                return value is null ? "none" : "known once it is made";
            var from = alike > LeadingCharacters ? alike - LeadingCharacters : 0;
            return $"{(from > 0 ? "..." : "")}{(value.Length - from <= LongestValue ? value[from..] : value[from..(from + LongestValue)] + "...")}";
        }
    }
}
