using Amazon.CloudFormation.Model;

namespace Mlops.Platform.Aws.Stacks;

/// <summary>A stack as it is.</summary>
internal sealed record StackState(string Name, string Id, string Status)
{
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public required IReadOnlyDictionary<string, string> Outputs { get; init; }

    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    public bool Protected { get; init; }

    /// <summary>When it was changed last, or made.</summary>
    public DateTime Changed { get; init; }

    /// <summary>The account in its ARN.</summary>
    public string Account => Id.Split(':')[4];

    /// <summary>The region in its ARN.</summary>
    public string Region => Id.Split(':')[3];

    /// <summary>Somebody is changing it. A first change set waits for its execution in REVIEW_IN_PROGRESS: that is nobody.</summary>
    public bool InProgress => Status.EndsWith("_IN_PROGRESS", StringComparison.Ordinal) && !IsEmpty;

    /// <summary>It has no resource yet.</summary>
    public bool IsEmpty => Status == "REVIEW_IN_PROGRESS";

    /// <summary>A first try that failed: nothing of it serves anybody.</summary>
    public bool NeverWhole => Status is "ROLLBACK_COMPLETE" or "CREATE_FAILED" or "ROLLBACK_FAILED" || (Status == "IMPORT_ROLLBACK_COMPLETE" && Outputs.Count == 0);

    /// <summary>It holds what was there before it, and made nothing itself: what follows an import did not go through.</summary>
    public bool IsBare => Outputs.Count == 0 && Status is ("IMPORT_COMPLETE" or "UPDATE_ROLLBACK_COMPLETE");

    /// <summary>Only a person can get it out of there.</summary>
    public bool IsStuck => Status is "UPDATE_ROLLBACK_FAILED" or "UPDATE_FAILED" or "DELETE_FAILED" or "IMPORT_ROLLBACK_FAILED";

    /// <summary>It was made, and what it says is there.</summary>
    public bool IsWhole => Status is "CREATE_COMPLETE" or "UPDATE_COMPLETE" or "UPDATE_ROLLBACK_COMPLETE" or "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" or "IMPORT_COMPLETE" || (Status == "IMPORT_ROLLBACK_COMPLETE" && Outputs.Count > 0);

    /// <summary>The hash of the template that it was made of.</summary>
    public string? TemplateSha256 => Outputs.GetValueOrDefault(StackTemplateFile.HashOutput);

    public static StackState Of(Stack stack) => new(stack.StackName, stack.StackId, stack.StackStatus.Value)
    {
        Parameters = (stack.Parameters ?? []).ToDictionary(p => p.ParameterKey, p => p.ParameterValue ?? "", StringComparer.Ordinal),
        Outputs = (stack.Outputs ?? []).ToDictionary(o => o.OutputKey, o => o.OutputValue ?? "", StringComparer.Ordinal),
        Tags = (stack.Tags ?? []).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
        Protected = stack.EnableTerminationProtection == true,
        Changed = stack.LastUpdatedTime ?? stack.CreationTime ?? default,
    };

    /// <summary>Whether it is whole, and as asked: of this template, with these parameters and tags.</summary>
    public bool Equals(StackRequest request) =>
        IsWhole && TemplateSha256 == request.Template.Sha256 && Same(Parameters, request.Parameters, request.Template.Defaults) && Same(Tags, request.Tags, new Dictionary<string, string>());

    private static bool Same(IReadOnlyDictionary<string, string> has, IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string> defaults) =>
        has.Keys.Concat(wanted.Keys).Distinct().Where(k => !k.StartsWith("aws:", StringComparison.Ordinal)).All(k => has.GetValueOrDefault(k) == (wanted.GetValueOrDefault(k) ?? defaults.GetValueOrDefault(k)));
}
