using System.Globalization;
using Mlops.Platform.Ports;

namespace Mlops.Platform.Aws.Registry;

/// <summary>
/// What this project keeps in a model package's CustomerMetadataProperties: at most 50, of letters, digits, spaces and _ . : / = + - @ alone, 128 and 256 characters long
/// ("CustomerMetadataMap" of SageMaker's API reference).
/// </summary>
internal static class VersionProperties
{
    private const int MostCharacters = 256;
    private const int MostDescription = 1024;
    private const string Signs = "_.:/=+-@ ";

    /// <summary>Whether a property is one of these, and none of the user's.</summary>
    public static bool IsOurs(string name) => name.StartsWith("mlops:", StringComparison.Ordinal);

    /// <summary>The hash of what was brought, so that the same is registered once.</summary>
    public const string Content = "mlops:content";

    /// <summary>The stage that the version's ModelApprovalStatus was set for.</summary>
    public const string Final = "mlops:final";

    public static string Reason(string stage) => $"mlops:{stage}:reason";

    public static string Tests(string stage) => $"mlops:{stage}:tests";

    /// <summary>A value is never empty: no reason is no property.</summary>
    public static Dictionary<string, string> Of(ApprovalDecision decision)
    {
        var properties = new Dictionary<string, string>
        {
            [Key(decision.Stage)] = string.Create(CultureInfo.InvariantCulture, $"{decision.Decision} {decision.When.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fff}Z {Allowed(decision.Who)}"),
        };
        if (Allowed(decision.Reason ?? "") is { Length: > 0 } reason)
            properties[Reason(decision.Stage)] = reason;
        return properties;
    }

    public static ApprovalDecision? Read(IReadOnlyDictionary<string, string> properties, int version, string stage)
    {
        if (!properties.TryGetValue(Key(stage), out var text) || text.Split(' ', 3) is not [var decision, var when, var who] ||
            !DateTimeOffset.TryParse(when, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return null;
        return new ApprovalDecision(version, stage, decision, who, time, properties.GetValueOrDefault(Reason(stage)) is { Length: > 0 } reason ? reason : null);
    }

    /// <summary>ApprovalDescription: who, and why in full.</summary>
    public static string Description(ApprovalDecision decision)
    {
        var text = decision.Reason is { Length: > 0 } reason ? $"{decision.Who}: {reason}" : decision.Who;
        // Its pattern is ".*": of one line.
        text = string.Concat(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)).Trim();
        return text.Length <= MostDescription ? text : text[..(char.IsHighSurrogate(text[MostDescription - 1]) ? MostDescription - 1 : MostDescription)];
    }

    private static string Key(string stage) => $"mlops:{stage}:decision";

    private static string Allowed(string text)
    {
        var allowed = string.Concat(text.Select(c => char.IsLetterOrDigit(c) || Signs.Contains(c, StringComparison.Ordinal) ? c : ' ')).Trim();
        return allowed.Length <= MostCharacters - 64 ? allowed : allowed[..(MostCharacters - 64)];
    }
}
