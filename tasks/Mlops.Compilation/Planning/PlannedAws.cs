using Mlops.Configuration.Model;
using Mlops.Configuration.Values;

namespace Mlops.Compilation.Planning;

/// <summary>Where something is on aws: what a stage says of itself stands above what the configuration says of all.</summary>
public sealed record PlannedAws
{
    /// <summary>Null: the account of the credentials.</summary>
    public string? Account { get; init; }

    public string? Region { get; init; }

    public string? DeployRole { get; init; }

    /// <summary>An ARN; null: the stack makes a role.</summary>
    public string? ExecutionRole { get; init; }

    public string? PermissionsBoundary { get; init; }

    /// <summary>A bucket that is there; null: the build stack makes one.</summary>
    public string? Bucket { get; init; }

    /// <summary>The ARN of the key that encrypts volumes and outputs; null: S3's own encryption.</summary>
    public string? KmsKey { get; init; }

    public PlannedNetwork? Network { get; init; }

    /// <summary>How many days what runs write is kept; null: for good. The next two alike.</summary>
    public int? RunDays { get; init; }

    public int? CaptureDays { get; init; }

    public int? LogDays { get; init; }

    /// <summary>Whether another place is of this account and region, as far as both are known: events reach a bus of this one without being forwarded.</summary>
    public bool SharesBusWith(PlannedAws other) => (Account is null || other.Account is null || Account == other.Account) && (Region is null || other.Region is null || Region == other.Region);

    public static PlannedAws Of(AwsSection? own, AwsSection? shared)
    {
        return new PlannedAws
        {
            Account = (own?.Account ?? shared?.Account)?.Value,
            Region = (own?.Region ?? shared?.Region)?.Value.Name,
            DeployRole = (own?.DeployRole ?? shared?.DeployRole)?.Value.Text,
            ExecutionRole = (own?.ExecutionRole ?? shared?.ExecutionRole)?.Value.Text,
            PermissionsBoundary = (own?.PermissionsBoundary ?? shared?.PermissionsBoundary)?.Value.Text,
            Bucket = (own?.Bucket ?? shared?.Bucket)?.Value.Text,
            KmsKey = (own?.KmsKey ?? shared?.KmsKey)?.Value.Text,
            Network = (own?.Network ?? shared?.Network) is { } network
                ? new([.. network.Subnets!.Select(s => s.Value)], [.. network.SecurityGroups!.Select(s => s.Value)], network.Isolated?.Value ?? false, network.EncryptTraffic?.Value ?? false) : null,
            RunDays = Days(own?.Retention?.Runs ?? shared?.Retention?.Runs),
            CaptureDays = Days(own?.Retention?.Capture ?? shared?.Retention?.Capture),
            LogDays = Days(own?.Retention?.Logs ?? shared?.Retention?.Logs),
        };

        static int? Days(Located<Duration>? time) => (int?)time?.Value.Time.TotalDays;
    }
}

public sealed record PlannedNetwork(IReadOnlyList<string> Subnets, IReadOnlyList<string> SecurityGroups, bool Isolated, bool EncryptTraffic);
